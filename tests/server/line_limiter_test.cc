// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/line_limiter.h"

#include <time.h>

#include <cstdint>
#include <iostream>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace udsecho {
namespace {

constexpr int64_t kMillisecond = 1'000'000;

int64_t fake_now = 0;
int64_t FakeClock() { return fake_now; }

class LineLimiterTest : public testing::Test {
 protected:
  LineLimiterTest() { fake_now = 12345 * kMillisecond; }

  void Pass(int64_t milliseconds) { fake_now += milliseconds * kMillisecond; }

  // How many of `count` lines are admitted. Counts that come along are added up.
  int Offer(int count) {
    int admitted = 0;
    for (int i = 0; i < count; ++i) {
      const LineLimiter::Verdict verdict = limiter_.Admit();
      admitted += verdict.write ? 1 : 0;
      if (verdict.left_out > 0) told_.push_back(verdict.left_out);
    }
    return admitted;
  }

  std::vector<int64_t> told_;
  std::vector<absl::Duration> wakes_;
  LineLimiter limiter_{[this](absl::Duration delay) { wakes_.push_back(delay); }, &FakeClock};
};

TEST_F(LineLimiterTest, AdmitsTwentyAtOnceAndNoMore) {
  EXPECT_EQ(Offer(10'000), 20);
  EXPECT_TRUE(told_.empty());
}

TEST_F(LineLimiterTest, AdmitsTwentyASecondForEver) {
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Offer(1), 1) << i;
    Pass(50);
  }
  EXPECT_TRUE(wakes_.empty()) << "nobody is woken when nothing is left out";
}

TEST_F(LineLimiterTest, NoSecondHasMoreThanTwentyWhereverItBegins) {
  std::vector<int64_t> written;
  // A load that changes all the time: 0 to 6 lines every 30 ms.
  for (int step = 0; step < 2000; ++step) {
    for (int i = 0; i < (step * 7919) % 7; ++i) {
      if (limiter_.Admit().write) written.push_back(fake_now);
    }
    Pass(30);
  }
  ASSERT_GT(written.size(), 600u) << "a minute's load should show at least ten lines a second";
  for (size_t i = 20; i < written.size(); ++i) {
    EXPECT_GE(written[i] - written[i - 20], 1000 * kMillisecond);
  }
}

TEST_F(LineLimiterTest, TheNextLineBringsTheCount) {
  Offer(120);
  Pass(999);
  EXPECT_EQ(Offer(1), 0);
  Pass(1);
  EXPECT_EQ(Offer(1), 1);
  EXPECT_EQ(told_, std::vector<int64_t>{101});
}

TEST_F(LineLimiterTest, SteadyLoadShowsOneCountASecond) {
  for (int i = 0; i < 10'000; ++i) {
    Offer(1);
    Pass(1);
  }
  EXPECT_GE(told_.size(), 8u);
  EXPECT_LE(told_.size(), 10u);
}

TEST_F(LineLimiterTest, TheTimerBringsTheCountWhenNoLineComes) {
  Offer(25);
  ASSERT_EQ(wakes_.size(), 1u) << "one request, however many are left out";
  EXPECT_GE(wakes_[0], absl::Seconds(1));
  EXPECT_LE(wakes_[0], absl::Milliseconds(1010));
  fake_now += absl::ToInt64Nanoseconds(wakes_[0]);
  EXPECT_EQ(limiter_.TakeLeftOut(), 5);
  EXPECT_EQ(limiter_.TakeLeftOut(), 0) << "told twice";
  EXPECT_EQ(Offer(30), 20);
  EXPECT_TRUE(told_.empty()) << "told twice";
}

TEST_F(LineLimiterTest, AnEarlyTimerAsksAgain) {
  Offer(25);
  Pass(400);
  EXPECT_EQ(limiter_.TakeLeftOut(), 0);
  ASSERT_EQ(wakes_.size(), 2u);
  EXPECT_GE(wakes_[1], absl::Milliseconds(600));
  EXPECT_LE(wakes_[1], absl::Milliseconds(610));
}

TEST_F(LineLimiterTest, OneRequestToBeWokenIsOpenAtATime) {
  Offer(25);
  Pass(1000);
  Offer(25);  // the count came with a line; the timer is still to go off
  EXPECT_EQ(wakes_.size(), 1u);
  EXPECT_EQ(limiter_.TakeLeftOut(), 0);
  EXPECT_EQ(wakes_.size(), 2u);
}

TEST_F(LineLimiterTest, AtTheEndTheCountIsToldWhateverTheTime) {
  Offer(25);
  EXPECT_EQ(limiter_.TakeLeftOutNow(), 5);
  EXPECT_EQ(limiter_.TakeLeftOutNow(), 0);
}

TEST_F(LineLimiterTest, NeedsNoTimer) {
  LineLimiter limiter(nullptr, &FakeClock);
  for (int i = 0; i < 30; ++i) limiter.Admit();
  Pass(1000);
  const LineLimiter::Verdict verdict = limiter.Admit();
  EXPECT_TRUE(verdict.write);
  EXPECT_EQ(verdict.left_out, 10);
}

// Of this thread: what else runs on the machine does not count.
double CpuNanoseconds() {
  timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return 1e9 * static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec);
}

// The bound is that of a gross mistake (a system call, a formatted line); the number is for people.
TEST(LineLimiterCostTest, ALineLeftOutCostsNanoseconds) {
  constexpr int kLines = 2'000'000;
  LineLimiter limiter(nullptr);
  int64_t admitted = 0;
  const double start = CpuNanoseconds();
  for (int i = 0; i < kLines; ++i) admitted += limiter.Admit().write ? 1 : 0;
  const double each = (CpuNanoseconds() - start) / kLines;
  std::cout << "a line left out costs " << each << " ns\n";
  RecordProperty("nanoseconds", std::to_string(each));
  EXPECT_GE(admitted, 20);
  EXPECT_LT(each, 1000);
}

}  // namespace
}  // namespace udsecho
