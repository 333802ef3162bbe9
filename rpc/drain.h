// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end of a server, step by step: see server.h for what it promises.
//
//   Begin ── health NOT_SERVING ── refuse new connections, accept the backlog ── GOAWAY to all ──
//   clients leave, or are silent for a second ── gRPC shuts down, calls in flight go on ── grace
//   over, or Stop() again: cut ── all ended: the loop quits, or a second has passed: stuck
//
// Thread safety: none; lives on the event loop's thread, and posts to the shards what belongs
// there. Ownership: borrows its parts, which outlive it. The loop must run until it has quit.

#ifndef RPC_DRAIN_H_
#define RPC_DRAIN_H_

#include <chrono>
#include <cstddef>
#include <functional>

#include "absl/time/time.h"
#include "rpc/acceptor.h"
#include "rpc/event_loop.h"
#include "rpc/server_events.h"
#include "rpc/shards.h"

namespace rpc {

class Drain {
 public:
  struct Parts {
    EventLoop* loop;
    Acceptor* acceptor;
    Shards* shards;
    ServerEvents* events;
    std::function<void()> tell_services;  // that a drain begins; runs on the first shard
  };

  explicit Drain(Parts parts) : parts_(std::move(parts)) {}

  // The first time begins, with so long for the calls in flight; the next cuts.
  void Stop(absl::Duration grace);

  std::size_t calls_cut() const { return calls_cut_; }

 private:
  void Begin(absl::Duration grace);
  void Refuse();
  void AwaitLeaving(std::chrono::steady_clock::time_point until);
  void ShutDownGrpc();
  void Cut();
  // Ends all calls in flight, and counts them: with what is in the sockets of `unread` for a call
  // each.
  void CancelCalls(const Acceptor::Connections& unread);
  void GrpcEnded();
  void AwaitLastWrites(std::chrono::steady_clock::time_point until);

  const Parts parts_;
  bool begun_ = false;
  bool refused_ = false;
  bool shutting_down_ = false;
  bool cut_ = false;
  std::size_t calls_cut_ = 0;
};

}  // namespace rpc

#endif  // RPC_DRAIN_H_
