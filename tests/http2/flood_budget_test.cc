// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/flood_budget.h"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "http2/fake_clock.h"
#include "tests/http2/frames.h"

namespace http2 {
namespace {

constexpr Nanoseconds kSecond = 1'000'000'000;

// How many of cost one it has, at most so many.
std::int64_t Left(FloodBudget* budget, Nanoseconds now, std::int64_t most = 1'000'000) {
  std::int64_t spent = 0;
  while (spent < most && budget->Spend(1, now)) ++spent;
  return spent;
}

TEST(FloodBudgetTest, EndsAfterWhatItBeganWith) {
  FloodBudget budget(kSecond);
  EXPECT_EQ(Left(&budget, kSecond), FloodBudget::kMost);
  EXPECT_FALSE(budget.Spend(1, kSecond));
}

TEST(FloodBudgetTest, TimeRefillsIt) {
  FloodBudget budget(0);
  ASSERT_EQ(Left(&budget, 0, FloodBudget::kMost), FloodBudget::kMost);
  EXPECT_EQ(Left(&budget, kSecond, FloodBudget::kRefillPerSecond), FloodBudget::kRefillPerSecond);
  EXPECT_FALSE(budget.Spend(1, kSecond));
}

TEST(FloodBudgetTest, ShortTimesAddUp) {
  FloodBudget budget(0);
  ASSERT_EQ(Left(&budget, 0, FloodBudget::kMost), FloodBudget::kMost);
  for (Nanoseconds now = 0; now < kSecond; now += kSecond / FloodBudget::kRefillPerSecond) {
    ASSERT_TRUE(budget.Spend(1, now + kSecond / FloodBudget::kRefillPerSecond)) << now;
  }
}

TEST(FloodBudgetTest, NeverHasMoreThanItBeganWith) {
  FloodBudget budget(0);
  budget.Earn(1'000'000);
  EXPECT_EQ(Left(&budget, 0), FloodBudget::kMost);
  FloodBudget slept(0);
  ASSERT_TRUE(slept.Spend(FloodBudget::kMost, 0));
  EXPECT_LE(Left(&slept, 3600 * kSecond), FloodBudget::kMost + 1);  // one: that for which it looked
}

TEST(FloodBudgetTest, AnswersRefillIt) {
  FloodBudget budget(0);
  for (int call = 0; call < 100'000; ++call) {
    ASSERT_TRUE(budget.Spend(2, 0));
    budget.Earn(2);
  }
}

TEST(FloodBudgetTest, WhatCarriesSomethingIsFree) {
  EXPECT_EQ(FloodBudget::CostOf({.length = 1, .type = kData}, 0), 0);
  EXPECT_GT(FloodBudget::CostOf({.length = 0, .type = kData}, 0), 0);
  EXPECT_GT(FloodBudget::CostOf({.length = 0, .type = 200}, 0), 0);
  EXPECT_GT(FloodBudget::CostOf({.length = 6, .type = kSettings}, 1000),
            FloodBudget::CostOf({.length = 6, .type = kSettings}, 0));
}

TEST(FrameScannerTest, FindsFramesInAnyPieces) {
  const std::string bytes = SettingsFrame({{kInitialWindowSize, 10}}) + PingFrame() +
                            DataFrame(1, std::string(300, 'x'), kEndStream) + SettingsAck() +
                            DataFrame(3, std::string(70'000, 'y')) + DataFrame(5, "");
  using Seen = std::tuple<std::uint32_t, int, int>;
  const std::vector<Seen> expected = {{6, kSettings, 0},    {8, kPing, 0},      {300, kData, 1},
                                      {0, kSettings, kAck}, {70'000, kData, 0}, {0, kData, 0}};
  for (std::size_t split = 0; split < 600; ++split) {
    std::vector<Seen> seen;
    FrameScanner scanner;
    const auto found = [&](const FrameHead& head, const char* /*end*/) {
      seen.emplace_back(head.length, head.type, head.flags);
      return true;
    };
    EXPECT_TRUE(scanner.Scan(bytes.data(), split, found));
    EXPECT_TRUE(scanner.Scan(bytes.data() + split, bytes.size() - split, found));
    ASSERT_EQ(seen, expected) << split;
  }
  std::vector<Seen> seen;
  FrameScanner scanner;
  for (const char byte : bytes) {
    scanner.Scan(&byte, 1, [&](const FrameHead& head, const char* /*end*/) {
      seen.emplace_back(head.length, head.type, head.flags);
      return true;
    });
  }
  EXPECT_EQ(seen, expected);
}

TEST(FrameScannerTest, EndsWhenTold) {
  const std::string bytes = PingFrame() + PingFrame() + PingFrame();
  FrameScanner scanner;
  int found = 0;
  EXPECT_FALSE(scanner.Scan(bytes.data(), bytes.size(),
                            [&](const FrameHead&, const char*) { return ++found < 2; }));
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace http2
