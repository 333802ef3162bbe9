// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/busy_poll.h"

#include <gtest/gtest.h>

namespace http2 {
namespace {

constexpr absl::Duration kLength = absl::Microseconds(50);

TEST(BusyPollTest, NeverWithoutALength) {
  EXPECT_FALSE(BusyPoll(absl::ZeroDuration()).IsWorthIt({}));
  EXPECT_FALSE(BusyPoll(-kLength).IsWorthIt({}));
}

TEST(BusyPollTest, GoesOnWhileItPays) {
  BusyPoll busy(kLength);
  BusyPoll::Time now;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(busy.IsWorthIt(now));
    now += busy.length();
    busy.Ended(now, true);
  }
}

TEST(BusyPollTest, PausesTwiceAsLongEachTimeThatItDoesNot) {
  BusyPoll busy(kLength);
  BusyPoll::Time now;
  for (auto pause = 2 * busy.length(); pause < BusyPoll::kLongestPause; pause *= 2) {
    busy.Ended(now, false);
    EXPECT_FALSE(busy.IsWorthIt(now + pause - std::chrono::nanoseconds(1)));
    EXPECT_TRUE(busy.IsWorthIt(now + pause));
    now += pause;
  }
  for (int i = 0; i < 10; ++i) busy.Ended(now, false);
  EXPECT_TRUE(busy.IsWorthIt(now + BusyPoll::kLongestPause));
}

TEST(BusyPollTest, OneThatPaidMakesUpForAll) {
  BusyPoll busy(kLength);
  BusyPoll::Time now;
  for (int i = 0; i < 10; ++i) busy.Ended(now, false);
  now += BusyPoll::kLongestPause;
  busy.Ended(now, true);
  busy.Ended(now, false);
  EXPECT_TRUE(busy.IsWorthIt(now + 2 * busy.length()));
}

}  // namespace
}  // namespace http2
