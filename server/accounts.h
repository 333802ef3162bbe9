// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Users and groups by name, as the system knows them at the moment (/etc/passwd, NSS).
//
//   const absl::StatusOr<gid_t> group = LookUpGroup("docker");
//
// May block, as NSS may ask the network: for the start of a program.
//
// Thread safety: free functions without state.

#ifndef SERVER_ACCOUNTS_H_
#define SERVER_ACCOUNTS_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho {

// What the kernel says of everybody who has no number in this user namespace: overflowuid and
// overflowgid in /proc/sys/kernel, which nobody changes. Debian's nobody and nogroup.
inline constexpr id_t kOverflowId = 65534;

// NotFound when there is no such name, with a sentence.
absl::StatusOr<uid_t> LookUpUser(const std::string& name);
absl::StatusOr<gid_t> LookUpGroup(const std::string& name);

// A uid or gid in digits; neither (uid_t)-1, which system calls take for none, nor kOverflowId.
std::optional<id_t> ParseId(absl::string_view text);

}  // namespace udsecho

#endif  // SERVER_ACCOUNTS_H_
