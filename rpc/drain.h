// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end of a server, step by step: see server.h for what it promises.
//
//   1. Stop(): services and calls are told, and each client gets GOAWAY.
//   2. Connections in the backlog are accepted; new ones are refused.
//   3. Clients leave; calls in flight go on.
//   4. The grace is over, or Stop() was called again: calls that are left get UNAVAILABLE, and
//      kParting later their connections are ended.
//   5. All have ended.
//
// Thread safety: none; lives on the first shard's loop, and posts work to the others.
// Ownership: borrows its parts, which outlive it.

#ifndef RPC_DRAIN_H_
#define RPC_DRAIN_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "http2/loop.h"
#include "rpc/acceptor.h"
#include "rpc/reception.h"
#include "rpc/server_events.h"
#include "rpc/shard.h"

namespace rpc {

class Drain {
 public:
  // From the end of the grace to that of the connections: time for a slow client to read the
  // statuses of step 4. Half of what a drain may take beyond its grace (0.3 s): a shard under attack
  // comes to it late.
  static constexpr absl::Duration kParting = absl::Milliseconds(150);

  struct Parts {
    http2::Loop* loop;
    const std::vector<std::unique_ptr<Acceptor>>* acceptors;
    Reception* reception;
    const std::vector<std::unique_ptr<Shard>>* shards;
    ServerEvents* events;
    std::function<void()> tell_services;  // that a drain begins
    std::function<void()> ended;          // no connection is left
  };

  explicit Drain(Parts parts) : parts_(std::move(parts)) {}

  // The first call begins the drain, with `grace` for the calls in flight; the next one cuts it
  // short.
  void Stop(absl::Duration grace);

  std::size_t calls_cut() const { return calls_cut_; }

 private:
  void Begin(absl::Duration grace);
  void Cut();
  // Ends once all connections have ended and, if there was a cut, each shard has reported it.
  void EndIfDone();

  const Parts parts_;
  bool begun_ = false;
  bool cut_ = false;
  bool counting_ = false;  // some shards have not reported what they cut yet
  bool all_ended_ = false;
  std::size_t calls_cut_ = 0;
};

}  // namespace rpc

#endif  // RPC_DRAIN_H_
