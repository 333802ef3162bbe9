// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/penalties.h"

#include <algorithm>

namespace rpc {

void Penalties::Add(uid_t uid, absl::Time now) {
  Penalty& penalty = by_uid_[uid];
  if (now < penalty.until) return;
  const bool again = now < penalty.until + kRemembered;
  penalty.length = again ? std::min(2 * penalty.length, kLongest) : kFirst;
  penalty.until = now + penalty.length;
}

bool Penalties::IsOut(uid_t uid, absl::Time now) const {
  const auto found = by_uid_.find(uid);
  return found != by_uid_.end() && now < found->second.until;
}

}  // namespace rpc
