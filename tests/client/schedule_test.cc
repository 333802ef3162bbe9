// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/schedule.h"

#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

void ExpectDue(const Schedule& schedule, int64_t number, double seconds) {
  EXPECT_NEAR(absl::ToDoubleSeconds(schedule.Due(number)), seconds, 1e-6) << number;
}

TEST(ScheduleTest, ARate) {
  const Schedule schedule({.from = 100, .to = 100, .flat = {}, .ramp = {}});
  ExpectDue(schedule, 0, 0);
  ExpectDue(schedule, 1, 0.01);
  ExpectDue(schedule, 1'000'000'000, 10'000'000);
  EXPECT_EQ(schedule.CallsBy(-absl::Seconds(1)), 0);
  EXPECT_EQ(schedule.CallsBy(absl::ZeroDuration()), 0);
  EXPECT_EQ(schedule.CallsBy(absl::Nanoseconds(100)), 1);
  EXPECT_EQ(schedule.CallsBy(absl::Seconds(1)), 100);
  EXPECT_EQ(schedule.CallsBy(absl::Milliseconds(1001)), 101);
}

// 100 in the warm-up; then (100 + 1000) / 2 * 30; then 1000 a second.
TEST(ScheduleTest, ARateThatRisesAfterTheWarmUp) {
  const Schedule schedule(
      {.from = 100, .to = 1000, .flat = absl::Seconds(1), .ramp = absl::Seconds(30)});
  ExpectDue(schedule, 50, 0.5);
  ExpectDue(schedule, 100, 1);
  ExpectDue(schedule, 100 + 16'500, 31);
  ExpectDue(schedule, 100 + 16'500 + 1000, 32);
  EXPECT_EQ(schedule.CallsBy(absl::Seconds(1)), 100);
  // Half the time: (100 + 550) / 2 * 15.
  EXPECT_EQ(schedule.CallsBy(absl::Seconds(16)), 100 + 4875);
  EXPECT_EQ(schedule.CallsBy(absl::Seconds(31)), 100 + 16'500);
  EXPECT_EQ(schedule.CallsBy(absl::Seconds(33)), 100 + 16'500 + 2000);
}

// Each call is counted from when it is due, and not before.
TEST(ScheduleTest, DueAndCountedAgree) {
  for (const auto& [from, to] :
       {std::pair(1.0, 1000.0), std::pair(1000.0, 1.0), std::pair(50.0, 50.0)}) {
    const Schedule schedule(
        {.from = from, .to = to, .flat = absl::Milliseconds(300), .ramp = absl::Seconds(3)});
    absl::Duration before = -absl::Nanoseconds(1);
    for (int number = 0; number < 3000; ++number) {
      const absl::Duration due = schedule.Due(number);
      EXPECT_GT(due, before);
      EXPECT_LE(schedule.CallsBy(due - absl::Microseconds(20)), number);
      EXPECT_GE(schedule.CallsBy(due + absl::Microseconds(20)), number + 1);
      before = due;
    }
  }
}

}  // namespace
}  // namespace udsecho::client
