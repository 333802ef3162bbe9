// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may have a token for which audience: by the uid and the groups that the kernel tells of the
// caller. What no rule allows is refused.
//
//   const tokens::Policy policy({{.audience = "db", .uids = {1000}, .gids = {33}}});
//   if (absl::Status may = policy.Check(call.peer(), "db"); !may.ok()) return may;
//
// Thread safety: a value; const access from several threads is fine.

#ifndef TOKENS_POLICY_H_
#define TOKENS_POLICY_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "uds/peer_credentials.h"

namespace tokens {

class Policy {
 public:
  struct Rule {
    std::string audience;
    std::vector<uid_t> uids = {};
    std::vector<gid_t> gids = {};
  };

  explicit Policy(std::vector<Rule> rules = {}) : rules_(std::move(rules)) {}

  // PERMISSION_DENIED if no rule has the audience and the peer's uid or one of its groups. The answer
  // is the same for an audience that there is not: the peer need not learn which there are.
  absl::Status Check(const uds::PeerCredentials& peer, absl::string_view audience) const;

 private:
  std::vector<Rule> rules_;
};

}  // namespace tokens

#endif  // TOKENS_POLICY_H_
