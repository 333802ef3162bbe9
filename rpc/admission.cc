// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/admission.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"

namespace rpc {

Admission::Verdict Admission::MayConnect(uid_t uid) const {
  const auto found = known_.find(uid);
  const int has = found == known_.end() ? 0 : found->second.connections;
  if (has >= limits_.max_connections_per_uid) {
    const std::string who =
        uid == kDenied ? "callers that are not allowed have " : absl::StrCat("uid ", uid, " has ");
    return {.status = absl::ResourceExhaustedError(
                absl::StrCat(who, has,
                             " connections, which is the limit for one uid; close some, or have "
                             "the server's limit raised")),
            .evict = {}};
  }
  if (connections_ < limits_.max_connections) return {.status = absl::OkStatus(), .evict = {}};

  Verdict verdict{
      .status = absl::ResourceExhaustedError(absl::StrCat(
          "the server has ", connections_,
          " connections, which is its limit; retry later, or have the server's limit raised")),
      .evict = {}};
  const auto most = std::max_element(known_.begin(), known_.end(), [](auto& a, auto& b) {
    return a.second.connections < b.second.connections;
  });
  // Not among equals, or they would take each other's places in turns.
  if (most->second.connections > has + 1) verdict.evict = most->first;
  return verdict;
}

Caller* Admission::Connected(uid_t uid) {
  Known& known = known_[uid];
  if (known.caller == nullptr) known.caller = std::make_unique<Caller>(uid, &memory_, threads_);
  ++known.connections;
  ++connections_;
  return known.caller.get();
}

void Admission::Disconnected(uid_t uid) {
  --known_.at(uid).connections;
  --connections_;
}

absl::Status Admission::MayCall(const CallerAccount& account,
                                const std::vector<const Calls*>& all_calls) const {
  const std::int64_t calls = account.caller->calls();
  if (calls >= limits_.CallsPerUid()) {
    return absl::ResourceExhaustedError(
        absl::StrCat("uid ", account.caller->uid, " has ", calls,
                     " calls in flight, and the limit for one uid is ", limits_.CallsPerUid(),
                     "; finish some, or have the server's limit raised"));
  }
  if (calls < kAlwaysServed) return absl::OkStatus();
  std::int64_t all = 0;
  for (const Calls* one : all_calls) all += one->in_flight().value();
  if (all < limits_.max_calls) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "the server has ", all,
      " calls in flight, which is its limit; retry later, or have the server's limit raised"));
}

}  // namespace rpc
