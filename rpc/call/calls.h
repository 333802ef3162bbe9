// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the calls of one thread have in common: their loop, limits and counters, and a list of them,
// in which a drain finds those that are left.
//
// Thread safety: belongs to the loop's thread. The counters: any thread may read.
// Ownership: the list does not own the calls, which enter and leave it by themselves.

#ifndef RPC_CALL_CALLS_H_
#define RPC_CALL_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "http2/counter.h"
#include "http2/loop.h"
#include "rpc/call/ended_call.h"
#include "rpc/call/memory_trim.h"

namespace rpc {

class Call;

struct CallCounters {
  http2::Counter begun;
  http2::Counter refused;
  http2::Counter denied;
  http2::Counter bytes_received;
  http2::Counter bytes_sent;
};

class Calls {
 public:
  // An entry of the list.
  struct Link {
    Call* call = nullptr;
    Link* next = nullptr;
    Link* previous = nullptr;
  };

  // `hooks` outlive the calls.
  Calls(http2::Loop* loop, std::size_t max_message_bytes, const CallHooks* hooks)
      : loop_(*loop), max_message_bytes_(max_message_bytes), hooks_(*hooks), trim_(loop) {}

  http2::Loop& loop() const { return loop_; }
  std::size_t max_message_bytes() const { return max_message_bytes_; }
  const CallHooks& hooks() const { return hooks_; }
  CallCounters& counters() { return counters_; }
  const CallCounters& counters() const { return counters_; }
  // How many have no status yet.
  http2::Gauge& in_flight() { return in_flight_; }
  const http2::Gauge& in_flight() const { return in_flight_; }

  MemoryTrim& trim() { return trim_; }

  bool draining() const { return draining_; }
  // Tells all calls that the server drains. Later ones look at draining().
  void Drain();
  // Ends all calls that are left with UNAVAILABLE, and returns how many.
  std::size_t Cut();

  void Add(Link* link) {
    link->next = first_;
    if (first_ != nullptr) first_->previous = link;
    first_ = link;
  }
  void Remove(Link* link) {
    if (link->next != nullptr) link->next->previous = link->previous;
    (link->previous != nullptr ? link->previous->next : first_) = link->next;
  }

 private:
  http2::Loop& loop_;
  const std::size_t max_message_bytes_;
  const CallHooks& hooks_;
  MemoryTrim trim_;
  CallCounters counters_;
  http2::Gauge in_flight_;
  Link* first_ = nullptr;
  bool draining_ = false;
};

}  // namespace rpc

#endif  // RPC_CALL_CALLS_H_
