// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How many connections each uid has, against the limits: whether there is a place for one more.
//
//   Places places(limits);
//   const Places::Verdict verdict = places.For(uid);
//   if (verdict.from.has_value()) ...end an idle connection of *verdict.from...
//   places.Take(uid);   ...   places.Give(uid);
//
// Thread safety: none. Ownership: a value.

#ifndef RPC_PLACES_H_
#define RPC_PLACES_H_

#include <sys/types.h>

#include <optional>
#include <unordered_map>

#include "absl/status/status.h"
#include "rpc/limits.h"

namespace rpc {

class Places {
 public:
  // All who may not call have their connections counted as one uid's, which is nobody's.
  static constexpr uid_t kDenied = static_cast<uid_t>(-1);

  explicit Places(const Limits& limits) : limits_(limits) {}

  struct Verdict {
    absl::Status status;        // RESOURCE_EXHAUSTED with a sentence
    std::optional<uid_t> from;  // all are taken: whose would have to make place, if it can
  };
  Verdict For(uid_t uid) const;

  void Take(uid_t uid);
  void Give(uid_t uid);

 private:
  const Limits limits_;
  std::unordered_map<uid_t, int> by_uid_;
  int taken_ = 0;
};

}  // namespace rpc

#endif  // RPC_PLACES_H_
