// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// When calls are due: at a fixed rate, or at one that changes evenly from one number to another.
//
//   const Schedule schedule({.from = 100, .to = 1000, .flat = absl::Seconds(1), .ramp = absl::Seconds(30)});
//   schedule.Due(0);                        // 0: the first call, from the start on
//   schedule.CallsBy(absl::Seconds(1));     // 100
//
// Thread safety: a value.

#ifndef CLIENT_BENCH_SCHEDULE_H_
#define CLIENT_BENCH_SCHEDULE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace udsecho::client {

class Schedule {
 public:
  struct Rates {
    double from = 0;                             // calls a second, above zero: for `flat`
    double to = 0;                               // above zero: from the end of `ramp` on
    absl::Duration flat = absl::ZeroDuration();  // the warm-up
    absl::Duration ramp = absl::ZeroDuration();  // in which the rate changes
  };

  explicit Schedule(const Rates& rates);

  // How long after the start the call of that number begins, from 0 on.
  absl::Duration Due(int64_t number) const;

  // How many are to have begun before then.
  int64_t CallsBy(absl::Duration time) const;

 private:
  double from_, to_;
  double flat_, ramp_;            // seconds
  double before_ramp_, in_ramp_;  // calls
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_SCHEDULE_H_
