// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "policy.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tokens {
namespace {

template <class Id>
bool Has(const std::vector<Id>& ids, Id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool Allows(const Policy::Rule& rule, const uds::PeerCredentials& peer) {
  if (Has(rule.uids, peer.uid) || Has(rule.gids, peer.gid)) return true;
  return std::any_of(peer.groups.begin(), peer.groups.end(),
                     [&](gid_t gid) { return Has(rule.gids, gid); });
}

}  // namespace

absl::Status Policy::Check(const uds::PeerCredentials& peer, absl::string_view audience) const {
  for (const Rule& rule : rules_) {
    if (rule.audience == audience && Allows(rule, peer)) return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("uid ", peer.uid,
                   " may not have a token for this audience; ask the administrator of this machine "
                   "for a rule in the agent's configuration"));
}

}  // namespace tokens
