// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --fail_if: what a bench must not come to.
//
//   const absl::StatusOr<std::vector<Threshold>> thresholds =
//       ParseThresholds("p99>5ms,errors>0.1%,rate<1000,missed");
//
// A condition is a name, one of > >= < <=, and a value:
//
//   p50 p90 p99 p99.9 p99.99 max mean   a time: 5ms, 1.5s
//   errors                              a number of calls, or a share of all calls with %
//   rate                                calls a second that succeeded
//   missed                              alone: calls fell behind the --rate
//   worse                               alone: a number is worse than that of --compare, beyond noise
//   disconnected                        a time: how long there was no connection, in all
//
// Thread safety: pure functions.

#ifndef CLIENT_THRESHOLD_H_
#define CLIENT_THRESHOLD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho::client {

struct Threshold {
  enum class Of { kPercentile, kMean, kErrors, kErrorShare, kRate, kMissed, kDisconnected, kWorse };
  enum class Fails { kAbove, kAtOrAbove, kBelow, kAtOrBelow };

  std::string text;  // as typed, without spaces
  Of of = Of::kMissed;
  double percent = 0;  // of kPercentile; 100 is the maximum
  Fails fails = Fails::kAbove;
  double limit = 0;  // microseconds, calls, percent of the calls, or calls a second

  bool FailsAt(double value) const;
};

// INVALID_ARGUMENT, naming the flag, the condition, what is wrong and what would be right.
absl::StatusOr<std::vector<Threshold>> ParseThresholds(absl::string_view text);

}  // namespace udsecho::client

#endif  // CLIENT_THRESHOLD_H_
