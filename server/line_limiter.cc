// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/line_limiter.h"

#include <time.h>

#include <limits>
#include <utility>

namespace udsecho {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// The coarse clock may be a tick behind (10 ms at 100 Hz) when the timer fires.
constexpr absl::Duration kTick = absl::Milliseconds(10);

}  // namespace

int64_t LineLimiter::CoarseClock() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

LineLimiter::LineLimiter(WakeAfter wake_after, Clock clock)
    : wake_after_(std::move(wake_after)), clock_(clock) {
  written_.fill(std::numeric_limits<int64_t>::min() / 2);
}

LineLimiter::Verdict LineLimiter::AdmitOpen() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int64_t now = clock_();
  if (left_out_ > 0 && now < reopens_) {  // another thread's line was the last of this second
    ++left_out_;
    return {false, 0};
  }
  const int64_t told = TakeLeftOutNow();
  if (now - written_[oldest_] < kSecond) {
    const size_t newest = (oldest_ + kLinesPerSecond - 1) % kLinesPerSecond;
    reopens_ = written_[newest] + kSecond;
    left_out_ = 1;  // after that: who sees it looks at when it reopens
    AskToBeWoken(now);
    return {false, told};
  }
  written_[oldest_] = now;
  oldest_ = (oldest_ + 1) % kLinesPerSecond;
  return {true, told};
}

int64_t LineLimiter::TakeLeftOut() {
  const std::lock_guard<std::mutex> lock(mutex_);
  wake_requested_ = false;
  if (left_out_ == 0) return 0;
  const int64_t now = clock_();
  if (now >= reopens_) return TakeLeftOutNow();
  AskToBeWoken(now);
  return 0;
}

int64_t LineLimiter::TakeLeftOutNow() { return left_out_.exchange(0); }

void LineLimiter::AskToBeWoken(int64_t now) {
  if (wake_requested_ || wake_after_ == nullptr) return;
  wake_requested_ = true;
  wake_after_(absl::Nanoseconds(reopens_ - now) + kTick);
}

}  // namespace udsecho
