// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// nghttp2's memory: from the pool of streams and calls, and charged to a connection's account.
//
//   SessionMemory memory(&account);
//   nghttp2_mem functions = memory.Functions();
//   nghttp2_session_client_new3(&session, callbacks, user_data, options, &functions);
//   ...
//   if (memory.refused()) ...the connection must end...
//
// nghttp2 is never refused memory: where it was, 1.52 has gone on with a frame that it had freed
// (tests/faults found it). If the account refuses, the connection ends after the slice that it
// reads, which bounds what is held beyond.
//
// Thread safety: none. Ownership: borrows the account. nghttp2 borrows this, which outlives the
// session.

#ifndef HTTP2_SESSION_MEMORY_H_
#define HTTP2_SESSION_MEMORY_H_

#include <malloc.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http2/account.h"
#include "http2/block_pool.h"

namespace http2 {

class SessionMemory {
 public:
  explicit SessionMemory(Account* account) : account_(*account) {}
  SessionMemory(const SessionMemory&) = delete;
  SessionMemory& operator=(const SessionMemory&) = delete;

  nghttp2_mem Functions() {
    return {.mem_user_data = this,
            .malloc = Allocate,
            .free = Free,
            .calloc = AllocateZeros,
            .realloc = Resize};
  }

  // Something was taken that the account would not have.
  bool refused() const { return refused_; }
  void Refuse() { refused_ = true; }

 private:
  static SessionMemory& Of(void* self) { return *static_cast<SessionMemory*>(self); }

  static void* Allocate(std::size_t size, void* self) {
    SessionMemory& memory = Of(self);
    void* const block = BlockPool::Allocate(size);
    if (!memory.account_.Hold(Usable(block), Need::kProtocol)) {
      memory.Refuse();
      memory.account_.HoldAgain(Usable(block));
    }
    return block;
  }

  static void* AllocateZeros(std::size_t count, std::size_t size, void* self) {
    return std::memset(Allocate(count * size, self), 0, count * size);
  }

  static void Free(void* block, void* self) {
    if (block == nullptr) return;
    Of(self).account_.Release(Usable(block));
    BlockPool::Free(block);
  }

  static void* Resize(void* block, std::size_t size, void* self) {
    void* const resized = Allocate(size, self);
    if (block != nullptr) {
      std::memcpy(resized, block, std::min(size, malloc_usable_size(block)));
      Free(block, self);
    }
    return resized;
  }

  static std::int64_t Usable(void* block) {
    return static_cast<std::int64_t>(malloc_usable_size(block));
  }

  Account& account_;
  bool refused_ = false;
};

}  // namespace http2

#endif  // HTTP2_SESSION_MEMORY_H_
