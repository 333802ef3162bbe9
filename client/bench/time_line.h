// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What happened when: calls, their latency and their errors, over the time of a bench.
//
//   TimeLine line;
//   line.Add(absl::Seconds(1), absl::Seconds(1.1), ended, latency);
//   line.EndAt(absl::Seconds(10));
//   for (const Point& point : line.points()) ...
//
// The size is bounded, whatever the duration: there are kPoints points at most, of 5 KB each. When they
// have run out, each two become one, and a point stands for twice the time.
//
// Thread safety: none.

#ifndef CLIENT_BENCH_TIME_LINE_H_
#define CLIENT_BENCH_TIME_LINE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "client/histogram.h"

namespace udsecho::client {

inline constexpr int kCodes = 17;

// Calls by the code that they ended with.
using CodeCounts = std::array<int64_t, kCodes>;

// All but those that ended with OK.
int64_t ErrorsOf(const CodeCounts& ended);

struct Bin {
  absl::Duration up_to;
  int64_t calls = 0;
};

// A Histogram with bins of two percent, which takes an eighth of the memory.
class CoarseHistogram {
 public:
  void Add(const Histogram& histogram);
  void Add(const CoarseHistogram& other);

  int64_t count() const { return count_; }
  // The end of the bin that it is in; zero while there is nothing.
  absl::Duration Percentile(double percent) const;
  // Those that hold something, in ascending order.
  std::vector<Bin> Bins() const;

 private:
  std::vector<uint32_t> bins_;  // empty while there is nothing
  int64_t count_ = 0;
};

struct Point {
  CodeCounts ended = {};
  CoarseHistogram latency;  // of those that ended with OK
  absl::Duration slowest;

  int64_t calls() const { return ended[0]; }
  int64_t errors() const { return ErrorsOf(ended); }
  absl::Duration Percentile(double percent) const;
  void Add(const Point& other);
};

class TimeLine {
 public:
  static constexpr int kPoints = 400;

  // What ended between two times, which count from the beginning. Counts are spread evenly over the
  // points between these; the latency falls to the point in the middle.
  void Add(absl::Duration from, absl::Duration to, const CodeCounts& ended,
           const Histogram& latency);

  // Once nothing more is added: what is left of the last point, if that is less than half of one,
  // becomes part of the one before.
  void EndAt(absl::Duration end);

  const std::vector<Point>& points() const { return points_; }
  absl::Duration point() const { return point_; }  // the time that each stands for, but the last
  absl::Duration TimeOf(size_t index) const;       // that a point stands for

 private:
  Point* At(absl::Duration time);

  std::vector<Point> points_;
  absl::Duration point_ = absl::Milliseconds(100);
  absl::Duration end_ = absl::InfiniteDuration();
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_TIME_LINE_H_
