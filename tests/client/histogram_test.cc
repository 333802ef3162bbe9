// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/histogram.h"

#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

TEST(HistogramTest, Empty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0);
  EXPECT_EQ(histogram.Max(), absl::ZeroDuration());
  EXPECT_EQ(histogram.Mean(), absl::ZeroDuration());
  EXPECT_EQ(histogram.Percentile(50), absl::ZeroDuration());
}

TEST(HistogramTest, PercentilesAreRightToHalfAPercent) {
  Histogram histogram;
  for (int i = 1; i <= 10'000; ++i) histogram.Add(absl::Microseconds(i));
  for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.99, 100.0}) {
    const double wanted = 100 * percent;
    const double got = absl::ToDoubleMicroseconds(histogram.Percentile(percent));
    EXPECT_NEAR(got, wanted, wanted * 0.006) << percent;
  }
  EXPECT_EQ(histogram.Min(), absl::Microseconds(1));
  EXPECT_EQ(histogram.Max(), absl::Microseconds(10'000));
  EXPECT_NEAR(absl::ToDoubleMicroseconds(histogram.Mean()), 5000.5, 0.1);
}

TEST(HistogramTest, OneValueIsAllPercentiles) {
  Histogram histogram;
  histogram.Add(absl::Milliseconds(3));
  EXPECT_EQ(histogram.Percentile(0), absl::Milliseconds(3));
  EXPECT_EQ(histogram.Percentile(100), absl::Milliseconds(3));
  EXPECT_EQ(histogram.StandardDeviation(), absl::ZeroDuration());
}

TEST(HistogramTest, WhatIsOutOfRangeCounts) {
  Histogram histogram;
  histogram.Add(absl::ZeroDuration());
  histogram.Add(absl::Hours(10));
  EXPECT_EQ(histogram.count(), 2);
  EXPECT_EQ(histogram.Percentile(100), absl::Hours(10));
  EXPECT_LE(histogram.Percentile(50), absl::Microseconds(1));
}

TEST(HistogramTest, TwoMakeOne) {
  Histogram a;
  Histogram b;
  a.Add(absl::Milliseconds(1));
  b.Add(absl::Milliseconds(3));
  a.Add(b);
  EXPECT_EQ(a.count(), 2);
  EXPECT_EQ(a.Max(), absl::Milliseconds(3));
  EXPECT_EQ(a.Mean(), absl::Milliseconds(2));
  EXPECT_EQ(a.StandardDeviation(), absl::Milliseconds(1));
  a.Clear();
  EXPECT_EQ(a.count(), 0);
  EXPECT_EQ(a.Percentile(99), absl::ZeroDuration());
}

}  // namespace
}  // namespace udsecho::client
