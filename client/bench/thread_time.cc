// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/thread_time.h"

#include <time.h>

#include <algorithm>
#include <fstream>

namespace udsecho::client {
namespace {

int64_t Nanoseconds(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

ThreadTime ThreadTime::OfThisThread() {
  ThreadTime time = {.wall = Nanoseconds(CLOCK_MONOTONIC),
                     .running = Nanoseconds(CLOCK_THREAD_CPUTIME_ID)};
  std::ifstream schedstat("/proc/thread-self/schedstat");  // proc(5): running, waiting, slices
  int64_t running = 0;
  if (!(schedstat >> running >> time.waiting)) time.waiting = 0;
  return time;
}

double ThreadTime::BusySince(const ThreadTime& begin, std::chrono::nanoseconds idle) const {
  const int64_t passed = std::max<int64_t>(wall - begin.wall, 1);
  const int64_t busy = running - begin.running + waiting - begin.waiting - idle.count();
  return std::clamp(static_cast<double>(busy) / static_cast<double>(passed), 0.0, 1.0);
}

}  // namespace udsecho::client
