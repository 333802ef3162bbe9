// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How long a test waits for what should come at once, before it calls it missing. Generous: it only
// costs time when the test fails anyway.

#ifndef TESTS_SUPPORT_PATIENCE_H_
#define TESTS_SUPPORT_PATIENCE_H_

#include <chrono>

namespace support {

inline constexpr std::chrono::seconds kPatience{60};

// A deadline for poll(2).
class Deadline {
 public:
  int MillisecondsLeft() const {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now());
    return left.count() > 0 ? static_cast<int>(left.count()) : 0;
  }
  bool IsOver() const { return MillisecondsLeft() == 0; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point at_ = Clock::now() + kPatience;
};

}  // namespace support

#endif  // TESTS_SUPPORT_PATIENCE_H_
