// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Memory for what comes and goes with each call: it is kept and used again, by the thread that gave
// it back.
//
//   void* operator new(std::size_t size) { return BlockPool::Allocate(size); }
//   void operator delete(void* block, std::size_t size) { BlockPool::Free(block, size); }
//
// A call's invocation and its coroutine's frame are longer than what the C library keeps at hand,
// and from there on its allocator merges and splits: tools/bench/levers.md has by how much.
//
// Thread safety: any thread may allocate and free; each has a pool of its own. Ownership: a pool
// has up to kMostKept blocks of each length, and frees them with its thread.

#ifndef HTTP2_BLOCK_POOL_H_
#define HTTP2_BLOCK_POOL_H_

#include <array>
#include <cstddef>
#include <new>

namespace http2 {

class BlockPool {
 public:
  static constexpr std::size_t kStep = 64;  // bytes: lengths are rounded up to it
  static constexpr std::size_t kLongest = 4096;
  static constexpr int kMostKept = 256;  // of each length: as many calls as are often in flight

  static void* Allocate(std::size_t size) {
    Kept* const kept = KeptOf(size);
    if (kept == nullptr || kept->first == nullptr) return ::operator new(RoundedUp(size));
    Block* const block = kept->first;
    kept->first = block->next;
    --kept->count;
    return block;
  }

  // `size` as it was given to Allocate().
  static void Free(void* memory, std::size_t size) {
    Kept* const kept = KeptOf(size);
    if (kept == nullptr || kept->count == kMostKept) return ::operator delete(memory);
    kept->first = new (memory) Block{kept->first};
    ++kept->count;
  }

 private:
  struct Block {
    Block* next;
  };
  struct Kept {
    Block* first = nullptr;
    int count = 0;
  };
  struct Pool {
    std::array<Kept, kLongest / kStep + 1> by_length;
    ~Pool() {
      for (const Kept& kept : by_length) {
        for (Block* block = kept.first; block != nullptr;) {
          void* const memory = block;
          block = block->next;
          ::operator delete(memory);
        }
      }
    }
  };

  static std::size_t RoundedUp(std::size_t size) { return (size + kStep - 1) / kStep * kStep; }

  static Kept* KeptOf([[maybe_unused]] std::size_t size) {
#ifdef __SANITIZE_ADDRESS__  // which would not see what is used after its end
    return nullptr;
#else
    static thread_local Pool pool;
    return size > kLongest ? nullptr : &pool.by_length[RoundedUp(size) / kStep];
#endif
  }
};

}  // namespace http2

#endif  // HTTP2_BLOCK_POOL_H_
