// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Gives freed memory back to the kernel once the server is quiet.
//
//   trim.Freed(bytes);                // each time that something long was freed
//
// malloc(3) keeps memory that was freed between blocks that are still in use. While messages come
// and go that is right, as the next one takes it. A second after the last one it is given back.
//
// Thread safety: none; on the loop's thread. Ownership: borrows the loop.

#ifndef RPC_CALL_MEMORY_TRIM_H_
#define RPC_CALL_MEMORY_TRIM_H_

#include <cstdint>

#include "http2/loop.h"
#include "http2/timer.h"

namespace rpc {

class MemoryTrim {
 public:
  explicit MemoryTrim(http2::Loop* loop) : loop_(*loop), quiet_([this] { Look(); }) {}

  void Freed(std::int64_t bytes) {
    freed_ += bytes;
    if (freed_ > kWorthIt && !quiet_.is_set()) Await();
  }

 private:
  static constexpr std::int64_t kWorthIt = 4 * 1024 * 1024;

  void Await();
  void Look();

  http2::Loop& loop_;
  http2::Timer quiet_;
  std::int64_t freed_ = 0;  // since the last time
  std::int64_t seen_ = 0;   // of freed_, when the timer was set
};

}  // namespace rpc

#endif  // RPC_CALL_MEMORY_TRIM_H_
