// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/block_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>
#include <vector>

namespace http2 {
namespace {

// Of all lengths around a step's ends, and some beyond the pool's longest.
const std::vector<std::size_t>& Sizes() {
  static const auto* const kSizes = new std::vector<std::size_t>{1,
                                                                 23,
                                                                 24,
                                                                 25,
                                                                 40,
                                                                 41,
                                                                 64,
                                                                 1000,
                                                                 BlockPool::kLongest - 8,
                                                                 BlockPool::kLongest,
                                                                 BlockPool::kLongest + 1,
                                                                 100'000};
  return *kSizes;
}

TEST(BlockPoolTest, BlocksInUseAreApartAndWhole) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<char*, std::size_t>> blocks;
    for (const std::size_t size : Sizes()) {
      for (int i = 0; i < 500; ++i) {
        auto* const block = static_cast<char*>(BlockPool::Allocate(size));
        std::memset(block, static_cast<char>(blocks.size()), size);
        blocks.emplace_back(block, size);
      }
    }
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto [block, size] = blocks[i];
      EXPECT_EQ(block[0], static_cast<char>(i));
      EXPECT_EQ(block[size - 1], static_cast<char>(i));
      if (i % 2 == 0) {
        BlockPool::Free(block, size);
      } else {
        BlockPool::Free(block);
      }
    }
  }
}

TEST(BlockPoolTest, WhatWasGivenBackIsUsedAgain) {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  GTEST_SKIP() << "nothing is kept under AddressSanitizer, which would not see its use afterwards";
#endif
  void* const first = BlockPool::Allocate(1000);
  BlockPool::Free(first, 1000);
  void* const second = BlockPool::Allocate(990);
  EXPECT_EQ(first, second);
  BlockPool::Free(second, 990);
}

TEST(BlockPoolTest, OneThreadMayFreeWhatAnotherAllocated) {
  std::set<void*> blocks;
  for (int i = 0; i < 10; ++i) blocks.insert(BlockPool::Allocate(500));
  EXPECT_EQ(blocks.size(), 10);
  std::thread([&blocks] {
    for (void* block : blocks) BlockPool::Free(block, 500);
    BlockPool::Free(BlockPool::Allocate(500), 500);
  }).join();
}

}  // namespace
}  // namespace http2
