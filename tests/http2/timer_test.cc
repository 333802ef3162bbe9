// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace http2 {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(TimerTest, ExpireInTheOrderInWhichTheyAreDue) {
  TimerQueue timers;
  std::vector<int> expired;
  Timer three([&] { expired.push_back(3); });
  Timer one([&] { expired.push_back(1); });
  Timer two([&] { expired.push_back(2); });
  EXPECT_EQ(timers.next(), std::nullopt);
  timers.Set(&three, 30);
  timers.Set(&one, 10);
  timers.Set(&two, 20);
  EXPECT_EQ(timers.next(), 10);
  timers.Expire(9);
  EXPECT_THAT(expired, IsEmpty());
  timers.Expire(20);
  EXPECT_THAT(expired, ElementsAre(1, 2));
  EXPECT_FALSE(one.is_set());
  EXPECT_TRUE(three.is_set());
  timers.Expire(1000);
  EXPECT_THAT(expired, ElementsAre(1, 2, 3));
}

TEST(TimerTest, ThousandsInAnyOrder) {
  TimerQueue timers;
  std::mt19937 random(7);
  std::vector<Nanoseconds> expired;
  std::vector<std::unique_ptr<Timer>> all;
  for (int i = 0; i < 3000; ++i) {
    const auto due = static_cast<Nanoseconds>(random() % 1000);
    all.push_back(std::make_unique<Timer>([&expired, due] { expired.push_back(due); }));
    timers.Set(all.back().get(), due);
  }
  std::size_t left = all.size();
  for (std::size_t i = 0; i < all.size(); i += 3, --left) timers.Cancel(all[i].get());
  for (std::size_t i = 1; i < all.size(); i += 3, --left) all[i] = nullptr;
  timers.Expire(1000);
  EXPECT_EQ(expired.size(), left);
  EXPECT_TRUE(std::is_sorted(expired.begin(), expired.end()));
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerTest, ToSetAnewMoves) {
  TimerQueue timers;
  int expired = 0;
  Timer timer([&] { ++expired; });
  timers.Set(&timer, 10);
  timers.Set(&timer, 50);
  timers.Expire(49);
  EXPECT_EQ(expired, 0);
  timers.Set(&timer, 20);
  EXPECT_EQ(timers.next(), 20);
  timers.Expire(20);
  EXPECT_EQ(expired, 1);
}

TEST(TimerTest, ToCancelTwiceDoesNothing) {
  TimerQueue timers;
  Timer timer([] { FAIL(); });
  timers.Cancel(&timer);
  timers.Set(&timer, 1);
  timers.Cancel(&timer);
  timers.Cancel(&timer);
  timers.Expire(1);
}

TEST(TimerTest, OneThatSetsItselfAnewKeepsNobodyWaiting) {
  TimerQueue timers;
  int repeated = 0;
  int other = 0;
  std::unique_ptr<Timer> again;
  again = std::make_unique<Timer>([&] {
    ++repeated;
    timers.Set(again.get(), 10);
  });
  Timer once([&] { ++other; });
  timers.Set(again.get(), 10);
  timers.Set(&once, 10);
  timers.Expire(10);
  EXPECT_EQ(other, 1);
  EXPECT_LE(repeated, 2);
  EXPECT_TRUE(again->is_set());
}

TEST(TimerTest, OneThatExpiresMayDestroyItselfAndOthers) {
  TimerQueue timers;
  std::vector<std::unique_ptr<Timer>> all(100);
  int expired = 0;
  for (std::unique_ptr<Timer>& timer : all) {
    timer = std::make_unique<Timer>([&] {
      ++expired;
      all.clear();
    });
    timers.Set(timer.get(), 10);
  }
  timers.Expire(10);
  EXPECT_EQ(expired, 1);
  EXPECT_EQ(timers.next(), std::nullopt);
}

TEST(TimerTest, OneThatExpiresMaySetAndCancelOthers) {
  TimerQueue timers;
  std::vector<int> expired;
  Timer cancelled([&] { expired.push_back(1); });
  Timer late([&] { expired.push_back(2); });
  Timer first([&] {
    timers.Cancel(&cancelled);
    timers.Set(&late, 5);  // it is due already
  });
  timers.Set(&first, 10);
  timers.Set(&cancelled, 11);
  timers.Set(&late, 1000);
  timers.Expire(20);
  EXPECT_THAT(expired, ElementsAre(2));
}

}  // namespace
}  // namespace http2
