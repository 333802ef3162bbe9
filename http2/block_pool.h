// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Memory for what comes and goes with each call. A freed block is kept, and given out again by the
// thread that freed it.
//
//   void* operator new(std::size_t size) { return BlockPool::Allocate(size); }
//   void operator delete(void* block, std::size_t size) { BlockPool::Free(block, size); }
//
// A call and its coroutine's frame are longer than the blocks that the C library keeps at hand
// (1032 bytes, glibc's tcache). Longer ones its allocator merges and splits each time;
// tools/bench/levers.md has what that costs.
//
// Thread safety: any thread may allocate and free; each has a pool of its own. Ownership: a pool
// keeps up to kMostKept bytes, and frees them with its thread.

#ifndef HTTP2_BLOCK_POOL_H_
#define HTTP2_BLOCK_POOL_H_

#include <malloc.h>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

#include "absl/base/config.h"

namespace http2 {

class BlockPool {
 public:
  // Lengths are rounded up to what malloc(3) would give anyway: kStep × n + kOffset bytes.
  static constexpr std::size_t kStep = 16;
  static constexpr std::size_t kOffset = 8;
  static constexpr std::size_t kLongest = 8 * 1024;
  // In all, in bytes: what some hundreds of calls take, of about 2 KiB each.
  static constexpr std::size_t kMostKept = 1024 * 1024;

  static void* Allocate(std::size_t size) {
    const std::size_t rounded = RoundedUp(size);
    Block*& first = FirstOf(rounded);
    if (first == nullptr) return ::operator new(rounded);
    Block* const block = std::exchange(first, first->next);
    pool().bytes -= rounded;
    return block;
  }

  // `size` as it was given to Allocate().
  static void Free(void* memory, std::size_t size) { Keep(memory, RoundedUp(size)); }

  // For a caller that does not know the size.
  static void Free(void* memory) {
    const std::size_t usable = malloc_usable_size(memory);
    Keep(memory, (usable - kOffset) / kStep * kStep + kOffset);
  }

 private:
  static void Keep(void* memory, std::size_t rounded) {
    if (rounded > kLongest || pool().bytes + rounded > kMostKept) {
      return ::operator delete(memory);
    }
    Block*& first = FirstOf(rounded);
    first = new (memory) Block{first};
    pool().bytes += rounded;
  }

  struct Block {
    Block* next;
  };
  struct Pool {
    std::array<Block*, kLongest / kStep + 2> by_length = {};
#ifdef ABSL_HAVE_ADDRESS_SANITIZER  // it would not see the use of a freed block: nothing is kept
    std::size_t bytes = kMostKept;
#else
    std::size_t bytes = 0;
#endif
    ~Pool() {
      for (Block* block : by_length) {
        while (block != nullptr) ::operator delete(std::exchange(block, block->next));
      }
      bytes = kMostKept;  // keeps nothing that is freed later
      by_length = {};
    }
  };

  static std::size_t RoundedUp(std::size_t size) {
    return size <= kOffset + kStep ? kOffset + kStep
                                   : (size - kOffset + kStep - 1) / kStep * kStep + kOffset;
  }

  static Pool& pool() {
    static thread_local Pool pool;
    return pool;
  }

  // Of the blocks of one length; of those that are too long there are none.
  static Block*& FirstOf(std::size_t rounded) {
    return pool().by_length[rounded > kLongest ? 0 : rounded / kStep];
  }
};

}  // namespace http2

#endif  // HTTP2_BLOCK_POOL_H_
