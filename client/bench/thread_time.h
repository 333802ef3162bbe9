// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether a thread was the limit: how much of a time it ran, or wanted to and had no core.
//
//   const ThreadTime begin = ThreadTime::OfThisThread();
//   ...
//   const double busy = ThreadTime::OfThisThread().BusySince(begin, idle);
//
// Thread safety: a value.

#ifndef CLIENT_BENCH_THREAD_TIME_H_
#define CLIENT_BENCH_THREAD_TIME_H_

#include <chrono>
#include <cstdint>

namespace udsecho::client {

struct ThreadTime {
  int64_t wall = 0;     // nanoseconds, all of them
  int64_t running = 0;  // on a core
  int64_t waiting = 0;  // for a core; 0 if the kernel does not tell (schedstats)

  static ThreadTime OfThisThread();

  // From 0 to 1. `idle`: how long it ran without work, because it waited awake.
  double BusySince(const ThreadTime& begin, std::chrono::nanoseconds idle) const;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_THREAD_TIME_H_
