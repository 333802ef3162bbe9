// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The clock for intervals, deadlines and durations. Nobody sets it: a step of the wall clock (NTP, an
// administrator, a laptop that wakes up) changes nothing here.
//
//   const MonotonicTime end = MonotonicNow() + timeout;  // `timeout` may be infinite
//   while (MonotonicNow() < end) ...
//
// Thread safety: pure functions.

#ifndef CLIENT_MONOTONIC_H_
#define CLIENT_MONOTONIC_H_

#include <chrono>

#include "absl/time/time.h"

namespace udsecho::client {

// Since a point in the past that is the same for the whole process.
using MonotonicTime = absl::Duration;

inline MonotonicTime MonotonicNow() {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace udsecho::client

#endif  // CLIENT_MONOTONIC_H_
