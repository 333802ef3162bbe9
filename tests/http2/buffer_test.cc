// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>
#include <vector>

namespace http2 {
namespace {

TEST(BufferTest, IsChargedOnceForAllItsCopies) {
  MemoryBudget budget(1 << 20);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  {
    Buffer buffer = Buffer::New(&account, 1000);
    const std::int64_t held = account.held();
    EXPECT_GE(held, 1000);
    EXPECT_LT(held, 1100);
    std::vector<Buffer> copies(10, buffer);
    EXPECT_TRUE(buffer.is_shared());
    EXPECT_EQ(account.held(), held);
    copies.erase(copies.begin() + 1, copies.end());
    buffer = Buffer();
    EXPECT_FALSE(copies[0].is_shared());
    EXPECT_EQ(account.held(), held);
  }
  EXPECT_EQ(account.held(), 0);
}

TEST(BufferTest, IsNullBeyondTheBound) {
  MemoryBudget budget(10'000);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  EXPECT_TRUE(Buffer::New(&account, 7500).is_null());
  EXPECT_EQ(account.held(), 0);
  EXPECT_FALSE(Buffer::New(&account, 7400).is_null());
  EXPECT_FALSE(Buffer::New(&account, 8000, Need::kProtocol).is_null());
}

TEST(BufferTest, FillsItsRoom) {
  MemoryBudget budget(1 << 20);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  Buffer buffer = Buffer::New(&account, 10);
  EXPECT_EQ(buffer.room(), 10);
  std::memcpy(buffer.end(), "hello", 5);
  buffer.Extend(5);
  std::memcpy(buffer.end(), "again", 5);
  buffer.Extend(5);
  EXPECT_EQ(buffer.view(), "helloagain");
  EXPECT_EQ(buffer.room(), 0);
  buffer.Clear();
  EXPECT_EQ(buffer.size(), 0);
  EXPECT_EQ(buffer.room(), 10);
}

TEST(BufferTest, MovesAndAssignments) {
  MemoryBudget budget(1 << 20);
  MemoryBudget::Holder uid;
  Account account(&budget, &uid);
  Buffer first = Buffer::New(&account, 10);
  Buffer second = std::move(first);
  EXPECT_TRUE(first.is_null());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(first.size(), 0);
  EXPECT_EQ(first.room(), 0);
  const std::int64_t held = account.held();
  first = second;
  Buffer& itself = first;
  first = itself;
  EXPECT_EQ(account.held(), held);
  first = Buffer::New(&account, 20);
  EXPECT_EQ(account.held(), 2 * held + 10);
  second = Buffer();
  first = Buffer();
  EXPECT_EQ(account.held(), 0);
}

}  // namespace
}  // namespace http2
