// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/account.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace http2 {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

// Holds in steps until it is refused: what it got.
std::int64_t HoldAll(Account* account, std::int64_t step, Need need = Need::kResponse) {
  std::int64_t got = 0;
  while (account->Hold(step, need)) got += step;
  return got;
}

TEST(AccountTest, OneUidHasThreeQuarters) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  EXPECT_EQ(account.share(), 32 * kMegabyte);
  EXPECT_TRUE(account.Hold(48 * kMegabyte));
  EXPECT_FALSE(account.Hold(1));
  EXPECT_EQ(account.held(), 48 * kMegabyte);
  EXPECT_EQ(uid.bytes, 48 * kMegabyte);
}

TEST(AccountTest, ItsRequestsHaveHalf) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  EXPECT_TRUE(account.Hold(32 * kMegabyte, Need::kRequest));
  EXPECT_FALSE(account.Hold(1, Need::kRequest));
  EXPECT_TRUE(account.Hold(1, Need::kResponse));
  account.Release(1);
  EXPECT_FALSE(account.Hold(1, Need::kRequest));  // what was a response's is no request's
}

TEST(AccountTest, WhatWasReleasedAMomentAgoIsHeldAgain) {
  MemoryBudget budget(4 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  ASSERT_TRUE(account.Hold(2 * kMegabyte, Need::kRequest));
  account.Release(2 * kMegabyte);
  account.HoldAgain(2 * kMegabyte);
  EXPECT_EQ(uid.bytes, 2 * kMegabyte);
  account.Release(2 * kMegabyte);
  EXPECT_EQ(uid.bytes, 0);
}

TEST(AccountTest, TheBoundIsTheSameInSmallSteps) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  EXPECT_EQ(HoldAll(&account, 1000), 48 * kMegabyte / 1000 * 1000);
}

TEST(AccountTest, TheNextUidHasThreeQuartersOfTheRest) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uids[3];
  Account first(&budget, &uids[0]);
  Account second(&budget, &uids[1]);
  Account third(&budget, &uids[2]);
  EXPECT_EQ(HoldAll(&first, 1024), 48 * kMegabyte);
  EXPECT_EQ(HoldAll(&second, 1024), 12 * kMegabyte);
  EXPECT_EQ(HoldAll(&third, 1024), 3 * kMegabyte);
}

TEST(AccountTest, WhatWasGivenBackIsThereForOthers) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uids[2];
  Account first(&budget, &uids[0]);
  Account second(&budget, &uids[1]);
  EXPECT_EQ(HoldAll(&first, 1024), 48 * kMegabyte);
  first.Release(48 * kMegabyte);
  EXPECT_EQ(first.held(), 0);
  EXPECT_EQ(uids[0].bytes, 0);  // all of it: not even a piece is kept
  EXPECT_EQ(HoldAll(&second, 1024), 48 * kMegabyte);
}

TEST(AccountTest, TwoAccountsOfAUidShareItsBound) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account here(&budget, &uid);
  Account there(&budget, &uid);
  EXPECT_TRUE(here.Hold(30 * kMegabyte));
  EXPECT_FALSE(there.Hold(18 * kMegabyte + 1));
  EXPECT_TRUE(there.Hold(18 * kMegabyte));
  EXPECT_FALSE(here.Hold(1));
  EXPECT_FALSE(there.Hold(1));
  here.Release(30 * kMegabyte);
  EXPECT_TRUE(there.Hold(30 * kMegabyte));
  EXPECT_EQ(there.held(), 48 * kMegabyte);
}

TEST(AccountTest, TheProtocolGoesBeyond) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  EXPECT_EQ(HoldAll(&account, 1024), 48 * kMegabyte);
  EXPECT_EQ(HoldAll(&account, 1024, Need::kProtocol), 8 * kMegabyte);
  EXPECT_FALSE(account.Hold(1));
  EXPECT_FALSE(account.Hold(1, Need::kProtocol));
}

TEST(AccountTest, MessagesDoNotTakeWhatTheProtocolLeft) {
  MemoryBudget budget(64 * kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  std::int64_t messages = HoldAll(&account, 1000);
  std::int64_t protocol = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(account.Hold(700, Need::kProtocol)) << i;
    protocol += 700;
    if (i % 3 == 0) {
      account.Release(500);
      protocol -= 500;
    }
    if (account.Hold(200)) messages += 200;
  }
  EXPECT_LE(messages, 48 * kMegabyte);
  EXPECT_EQ(account.held(), messages + protocol);
  account.Release(protocol);
  account.Release(messages);
  EXPECT_EQ(uid.bytes, 0);
  EXPECT_EQ(HoldAll(&account, 1000), 48 * kMegabyte / 1000 * 1000);
}

TEST(AccountTest, AnAccountsEndGivesAllBack) {
  MemoryBudget budget(kMegabyte);
  MemoryBudget::Holder uid;
  for (int i = 0; i < 100; ++i) {
    Account account(&budget, &uid);
    ASSERT_TRUE(account.Hold(700'000));
    account.Release(650'000);
    ASSERT_TRUE(account.Hold(1));
    account.Release(50'001);
  }
  EXPECT_EQ(uid.bytes, 0);
  EXPECT_EQ(budget.Share(uid), kMegabyte / 2);
}

TEST(AccountTest, SeveralThreadsNeverHoldMoreThanThereIs) {
  MemoryBudget budget(16 * kMegabyte);
  MemoryBudget::Holder uid;
  std::atomic<std::int64_t> held = 0;
  std::atomic<std::int64_t> most = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      Account account(&budget, &uid);
      for (int round = 0; round < 20'000; ++round) {
        const std::int64_t bytes = round * 7919 % 100'000;
        if (!account.Hold(bytes)) {
          held -= account.held();
          account.Release(account.held());
          continue;
        }
        most = std::max<std::int64_t>(most, held += bytes);
      }
      held -= account.held();
      account.Release(account.held());
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(most, 8 * kMegabyte);
  EXPECT_LE(most, 12 * kMegabyte);
  EXPECT_EQ(uid.bytes, 0);
}

TEST(AccountTest, ATurnCountsInItsRoundOnly) {
  MemoryBudget budget(kMegabyte);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  account.Used(1, 10);
  account.Used(1, 5);
  EXPECT_EQ(account.UsedIn(1), 15);
  EXPECT_EQ(account.UsedIn(2), 0);
  account.Used(2, 3);
  EXPECT_EQ(account.UsedIn(2), 3);
}

}  // namespace
}  // namespace http2
