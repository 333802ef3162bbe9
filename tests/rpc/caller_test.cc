// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much of a uid's messages is compressed at once.

#include "rpc/call/caller.h"

#include <gtest/gtest.h>

#include "http2/account.h"

namespace rpc {
namespace {

constexpr std::size_t kMost = CallerAccount::kMostPacked;

struct Bed {
  http2::MemoryBudget budget{1 << 30};
  Caller caller{1000, &budget, 2};
  CallerAccount& account = *caller.accounts[0];
};

TEST(CallerTest, PacksSoMuchInARound) {
  Bed bed;
  EXPECT_TRUE(bed.account.MayPack(kMost, 1));
  EXPECT_FALSE(bed.account.MayPack(1, 1));
  EXPECT_TRUE(bed.account.MayPack(kMost - 1, 2));
  EXPECT_FALSE(bed.account.MayPack(2, 2));
  EXPECT_TRUE(bed.account.MayPack(1, 2));
}

TEST(CallerTest, PacksNothingThatIsLonger) {
  Bed bed;
  EXPECT_FALSE(bed.account.MayPack(kMost + 1, 1));
  EXPECT_FALSE(bed.account.MayPack(static_cast<std::size_t>(-1), 1));
  EXPECT_TRUE(bed.account.MayPack(kMost, 1));
}

TEST(CallerTest, PacksAsMuchOnEachThread) {
  Bed bed;
  EXPECT_TRUE(bed.account.MayPack(kMost, 1));
  EXPECT_TRUE(bed.caller.accounts[1]->MayPack(kMost, 1));
}

}  // namespace
}  // namespace rpc
