// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server counts from its start on.
//
//   const std::uint64_t refused = server.statistics().calls_refused.value();
//
// Thread safety: each number may be read on any thread; they are not of one moment.
// Ownership: the server's.

#ifndef RPC_STATISTICS_H_
#define RPC_STATISTICS_H_

#include <atomic>
#include <cstdint>

namespace rpc {

// Written by one thread, so that adding takes no locked instruction.
class Counter {
 public:
  void Add(std::uint64_t count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct Statistics {
  // Counted by the accepting thread.
  Counter connections_accepted;
  Counter connections_refused;  // over a limit, or their credentials could not be read
  Counter connections_silent;   // closed: did not speak in time, or no HTTP/2
  Counter connections_unread;   // closed: left unread what was sent to it
  Counter connections_shed;  // closed: their uid took most when memory was short, or a header flood
  // Counted by the polling thread.
  Counter calls_begun;     // with those refused
  Counter calls_refused;   // RESOURCE_EXHAUSTED: over a limit of calls or of memory
  Counter calls_denied;    // PERMISSION_DENIED: not on the allow list
  Counter bytes_received;  // of messages, as encoded
  Counter bytes_sent;
};

}  // namespace rpc

#endif  // RPC_STATISTICS_H_
