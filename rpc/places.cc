// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/places.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace rpc {

Places::Verdict Places::For(uid_t uid) const {
  const auto found = by_uid_.find(uid);
  const int has = found == by_uid_.end() ? 0 : found->second;
  const std::string who = uid == kDenied ? "who may not call" : absl::StrCat("uid ", uid);
  if (has >= limits_.max_connections_per_uid) {
    return {.status = absl::ResourceExhaustedError(
                absl::StrCat(who, " has ", has,
                             " connections, which is the limit for one uid; close some, or have "
                             "--max_connections_per_uid raised")),
            .from = {}};
  }
  if (taken_ < limits_.max_connections) return {.status = absl::OkStatus(), .from = {}};

  Verdict verdict{.status = absl::ResourceExhaustedError(
                      absl::StrCat("the server has ", taken_,
                                   " connections, which is its limit; retry later, or have "
                                   "--max_connections raised")),
                  .from = {}};
  const auto most = std::max_element(by_uid_.begin(), by_uid_.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  // Not among equals, or they would take each other's places in turns.
  if (most->second > has + 1) verdict.from = most->first;
  return verdict;
}

void Places::Take(uid_t uid) {
  ++by_uid_[uid];
  ++taken_;
}

void Places::Give(uid_t uid) {
  const auto found = by_uid_.find(uid);
  if (--found->second == 0) by_uid_.erase(found);
  --taken_;
}

}  // namespace rpc
