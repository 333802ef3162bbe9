// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The clock of HTTP/2 connections: CLOCK_MONOTONIC, or a test's own.
//
//   const http2::Nanoseconds begun = clock->Now();
//
// A step of the wall clock changes nothing here.
//
// Thread safety: the system's clock, any thread. Ownership: the system's clock lives forever.

#ifndef HTTP2_CLOCK_H_
#define HTTP2_CLOCK_H_

#include <time.h>

#include <cstdint>

#include "absl/time/time.h"

namespace http2 {

using Nanoseconds = std::int64_t;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Nanoseconds Now() const = 0;

  static const Clock* System();
};

class SystemClock final : public Clock {
 public:
  Nanoseconds Now() const override {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * Nanoseconds{1'000'000'000} + now.tv_nsec;
  }
};

inline const Clock* Clock::System() {
  static const SystemClock kSystem;
  return &kSystem;
}

// A hundred years at most, so that a due time never overflows.
inline Nanoseconds ToNanoseconds(absl::Duration duration) {
  constexpr absl::Duration kLongest = absl::Hours(24 * 365 * 100);
  return absl::ToInt64Nanoseconds(duration < kLongest ? duration : kLongest);
}

}  // namespace http2

#endif  // HTTP2_CLOCK_H_
