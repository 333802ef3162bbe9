// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a bench measures: its workers add to it, its progress line and its result read it.
//
//   Collector collector;
//   collector.Add(interval);        // each worker, ten times a second
//   const Measured measured = collector.Take();
//
// The size is bounded, whatever the duration: histograms, counts, and a time line (time_line.h).
//
// Thread safety: all methods, from any thread.

#ifndef CLIENT_BENCH_COLLECTOR_H_
#define CLIENT_BENCH_COLLECTOR_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/time/time.h"
#include "client/bench/time_line.h"
#include "client/histogram.h"

namespace udsecho::client {

// Of each code the text of the first call that ended with it; empty if there was none.
using ErrorTexts = std::array<std::string, kCodes>;

// Why calls begin after they were due.
enum class Late {
  kClient,       // nothing else kept them back
  kConcurrency,  // as many as may be were in flight
  kConnection,   // it was lost
};
inline constexpr int kReasons = 3;
inline constexpr absl::Duration kLate = absl::Milliseconds(1);  // less does not count as late

// By reason.
using LateCalls = std::array<int64_t, kReasons>;

// What one worker did in some 100 ms.
struct Interval {
  std::chrono::steady_clock::time_point began;  // when the one before it ended
  std::chrono::steady_clock::time_point at;     // its end
  bool counts = false;                          // or is warm-up, which Recent() alone shows
  Histogram latency;                            // of what succeeded
  Histogram lateness;     // open loop: from when a call was due to when it began
  LateCalls late = {};    // calls that began kLate or more after they were due
  CodeCounts ended = {};  // calls by their code
  ErrorTexts first_errors;
  int64_t messages_received = 0;  // of what succeeded
  int64_t bytes_received = 0;     // of these messages
  int64_t sent_again = 0;         // attempts after a call's first

  // Makes it the next one, which begins where this one ends.
  void Clear();
};

struct Measured {
  Histogram latency;
  Histogram lateness;
  LateCalls late = {};
  CodeCounts ended = {};
  ErrorTexts first_errors;
  int64_t messages_received = 0;
  int64_t bytes_received = 0;
  int64_t sent_again = 0;
  TimeLine time_line;

  int64_t errors() const { return ErrorsOf(ended); }
};

class Collector {
 public:
  // The begin of what counts.
  void Begin(std::chrono::steady_clock::time_point begin);

  void Add(const Interval& interval);

  // Of the time since the last call.
  struct Recently {
    int64_t calls = 0;
    int64_t errors = 0;
    absl::Duration p50;
    absl::Duration p99;
  };
  Recently Recent();

  // What was measured; leaves nothing behind.
  Measured Take();

 private:
  void AddToTimeLine(const Interval& interval);

  std::mutex mutex_;
  std::chrono::steady_clock::time_point begin_;
  Measured measured_;
  Histogram recent_;
  int64_t recent_errors_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_COLLECTOR_H_
