// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent's configuration, a file of JSON in which // and /* */ are comments:
//
//   {
//     "public_socket": "/run/tokens/public",
//     "admin_socket": "/run/tokens/admin",
//     "key_file": "/etc/tokens/key",
//     "lifetime_seconds": 300,
//     "rules": [
//       // Who may have a token for "db":
//       {"audience": "db", "users": ["ada"], "groups": ["www-data"], "uids": [1000], "gids": [33]}
//     ]
//   }
//
// Why JSON: the rules are a list of lists, all tools write it, and its library is a single header. All
// members are required except users, groups, uids and gids. An unknown member is an error, so that a
// typing mistake in a rule is noticed, and so is a name that the system does not know.
//
// Names are looked up when the configuration is read: reload after a change of /etc/passwd or /etc/group.
// For users of a directory server, which a hardened unit cannot reach, write numbers.
//
// Thread safety: free functions without state.

#ifndef TOKENS_CONFIG_H_
#define TOKENS_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy.h"

namespace tokens {

struct Config {
  std::string public_socket;
  std::string admin_socket;
  std::string key_file;
  absl::Duration lifetime = absl::Minutes(5);  // of a token
  Policy policy;
};

// Blocks, to look up names. INVALID_ARGUMENT, with the place in the file and what would be right.
absl::StatusOr<Config> ParseConfig(absl::string_view text);

// Blocks. The errors name the file.
absl::StatusOr<Config> ReadConfig(const std::string& path);

}  // namespace tokens

#endif  // TOKENS_CONFIG_H_
