// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Ends the process when it takes too much memory, with a sentence.
//
//   const MemoryGuard guard(STDERR_FILENO);
//
// gRPC reads a message to its end, and inflates it, before it looks at its size: a server that says that a
// message has 4 GiB, or that sends a megabyte of zeros that is a gigabyte inflated, would fill the machine.
// There is no way to keep gRPC from it (a resource quota was tried, and did not), nor to give back what it
// has taken; nothing of value is lost with the process.
//
// Thread safety: has a thread of its own, which ends with the guard.

#ifndef CLIENT_MEMORY_GUARD_H_
#define CLIENT_MEMORY_GUARD_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>

namespace udsecho::client {

class MemoryGuard {
 public:
  // Bytes of resident memory. The largest reply (kMaxReply) takes eight times its size to be shown.
  static constexpr std::size_t kMost = std::size_t{1} << 30;

  explicit MemoryGuard(int err, std::size_t most = kMost);
  ~MemoryGuard();
  MemoryGuard(const MemoryGuard&) = delete;
  MemoryGuard& operator=(const MemoryGuard&) = delete;

 private:
  void Watch(int err, std::size_t most);

  std::mutex mutex_;
  std::condition_variable ends_;
  bool ended_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace udsecho::client

#endif  // CLIENT_MEMORY_GUARD_H_
