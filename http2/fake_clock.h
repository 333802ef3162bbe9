// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A clock for tests, which stands still until it is told to go on.
//
//   FakeClock clock;
//   clock.Advance(absl::Seconds(10));
//
// Thread safety: none. Ownership: a value that stays where it is.

#ifndef HTTP2_FAKE_CLOCK_H_
#define HTTP2_FAKE_CLOCK_H_

#include "absl/time/time.h"
#include "http2/clock.h"

namespace http2 {

class FakeClock final : public Clock {
 public:
  Nanoseconds Now() const override { return now_; }
  void Advance(absl::Duration duration) { now_ += ToNanoseconds(duration); }

 private:
  Nanoseconds now_ = 1'000'000'000;
};

}  // namespace http2

#endif  // HTTP2_FAKE_CLOCK_H_
