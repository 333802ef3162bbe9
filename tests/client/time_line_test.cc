// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/time_line.h"

#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

Histogram Of(int calls, absl::Duration latency) {
  Histogram histogram;
  for (int i = 0; i < calls; ++i) histogram.Add(latency);
  return histogram;
}

CodeCounts Ended(int64_t calls, int64_t errors = 0) {
  CodeCounts ended = {};
  ended[0] = calls;
  ended[14] = errors;
  return ended;
}

int64_t AllCalls(const TimeLine& line) {
  int64_t calls = 0;
  for (const Point& point : line.points()) calls += point.calls();
  return calls;
}

TEST(TimeLineTest, APointHasItsCallsTheirLatencyAndTheirErrors) {
  TimeLine line;
  line.Add(absl::Milliseconds(100), absl::Milliseconds(200), Ended(10, 3),
           Of(10, absl::Milliseconds(5)));
  ASSERT_EQ(line.points().size(), 2U);
  EXPECT_EQ(line.points()[0].calls(), 0);
  EXPECT_EQ(line.points()[1].calls(), 10);
  EXPECT_EQ(line.points()[1].errors(), 3);
  EXPECT_EQ(line.points()[1].ended[14], 3);
  EXPECT_NEAR(absl::ToDoubleMilliseconds(line.points()[1].Percentile(50)), 5, 0.11);
  EXPECT_EQ(line.points()[1].slowest, absl::Milliseconds(5));
}

// Each worker's intervals are a little longer than a point, and no point is to be empty for that.
TEST(TimeLineTest, CountsAreSpreadOverThePointsThatAnIntervalTouches) {
  TimeLine line;
  constexpr absl::Duration kInterval = absl::Milliseconds(103);
  for (int i = 0; i < 97; ++i) {
    line.Add(i * kInterval, (i + 1) * kInterval, Ended(1030), Of(1030, absl::Milliseconds(1)));
  }
  line.EndAt(97 * kInterval);
  EXPECT_EQ(AllCalls(line), 97 * 1030);
  for (size_t i = 0; i + 1 < line.points().size(); ++i) {
    EXPECT_NEAR(static_cast<double>(line.points()[i].calls()), 1000, 2) << i;
  }
}

TEST(TimeLineTest, ALongRunHasAsManyPointsAndLosesNothing) {
  TimeLine line;
  constexpr int kIntervals = 5000;
  for (int i = 0; i < kIntervals; ++i) {
    line.Add(absl::Milliseconds(100) * i, absl::Milliseconds(100) * (i + 1), Ended(7, 1),
             Of(7, absl::Microseconds(100 + i)));
  }
  line.EndAt(absl::Milliseconds(100) * kIntervals);
  EXPECT_LE(line.points().size(), static_cast<size_t>(TimeLine::kPoints));
  EXPECT_GT(line.points().size(), static_cast<size_t>(TimeLine::kPoints / 2));
  EXPECT_EQ(AllCalls(line), 7 * kIntervals);
  int64_t latencies = 0;
  absl::Duration time;
  for (size_t i = 0; i < line.points().size(); ++i) {
    latencies += line.points()[i].latency.count();
    time += line.TimeOf(i);
  }
  EXPECT_EQ(latencies, 7 * kIntervals);
  EXPECT_EQ(time, absl::Milliseconds(100) * kIntervals);
  EXPECT_EQ(line.points().back().slowest, absl::Microseconds(100 + kIntervals - 1));
}

TEST(TimeLineTest, AnIntervalOfDaysIsFine) {
  TimeLine line;
  line.Add(absl::ZeroDuration(), absl::Hours(48), Ended(1'000'000'007),
           Of(3, absl::Milliseconds(1)));
  line.EndAt(absl::Hours(48));
  EXPECT_LE(line.points().size(), static_cast<size_t>(TimeLine::kPoints));
  EXPECT_EQ(AllCalls(line), 1'000'000'007);
}

TEST(TimeLineTest, ABitOfAPointIsPartOfTheOneBefore) {
  TimeLine line;
  line.Add(absl::ZeroDuration(), absl::Milliseconds(210), Ended(21), Of(21, absl::Milliseconds(1)));
  line.EndAt(absl::Milliseconds(210));
  ASSERT_EQ(line.points().size(), 2U);
  EXPECT_EQ(line.TimeOf(1), absl::Milliseconds(110));
  EXPECT_EQ(line.points()[1].calls(), 11);
}

TEST(CoarseHistogramTest, PercentilesAreRightToTwoPercent) {
  Histogram fine;
  for (int i = 1; i <= 10'000; ++i) fine.Add(absl::Microseconds(i));
  CoarseHistogram coarse;
  coarse.Add(fine);
  EXPECT_EQ(coarse.count(), 10'000);
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.99, 100.0}) {
    const double wanted = 100 * percent;
    EXPECT_NEAR(absl::ToDoubleMicroseconds(coarse.Percentile(percent)), wanted, wanted * 0.03);
  }
  int64_t calls = 0;
  absl::Duration last;
  for (const Bin& bin : coarse.Bins()) {
    EXPECT_GT(bin.up_to, last);
    last = bin.up_to;
    calls += bin.calls;
  }
  EXPECT_EQ(calls, 10'000);
}

}  // namespace
}  // namespace udsecho::client
