// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Users and groups by name, as the system knows them now: /etc/passwd and /etc/group, or what
// nsswitch.conf(5) adds.
//
//   const absl::StatusOr<gid_t> group = tokens::LookUpGroup("www-data");
//
// Blocks, perhaps for the network: call it on a thread that may. Thread safety: free functions without state.

#ifndef TOKENS_ACCOUNTS_H_
#define TOKENS_ACCOUNTS_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"

namespace tokens {

// What the kernel tells of every id that this user namespace does not have; on Debian, the id of
// nobody and nogroup. No rule should name it.
inline constexpr id_t kOverflowId = 65534;

// NOT_FOUND if there is no such name, with a sentence.
absl::StatusOr<uid_t> LookUpUser(const std::string& name);
absl::StatusOr<gid_t> LookUpGroup(const std::string& name);

}  // namespace tokens

#endif  // TOKENS_ACCOUNTS_H_
