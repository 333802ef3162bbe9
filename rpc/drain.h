// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end of a server, step by step: see server.h for what it promises.
//
//   Stop() ── services and calls are told ── the backlog is accepted, and then nobody ── GOAWAY to
//   all ── clients leave, calls in flight go on ── grace over, or Stop() again: calls get their
//   status, then the connections are ended ── all ended
//
// Thread safety: none; lives on the first shard's loop, and hands the others what is theirs.
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
#include "rpc/server_events.h"
#include "rpc/shard.h"

namespace rpc {

class Drain {
 public:
  // Between the calls' statuses and the end of their connections: time for them to go out to a
  // client that is slow to read.
  static constexpr absl::Duration kParting = absl::Milliseconds(200);

  struct Parts {
    http2::Loop* loop;
    Acceptor* acceptor;
    const std::vector<std::unique_ptr<Shard>>* shards;
    ServerEvents* events;
    std::function<void()> tell_services;  // that a drain begins
    std::function<void()> ended;          // no connection is left
  };

  explicit Drain(Parts parts) : parts_(std::move(parts)) {}

  // The first time begins, with so long for the calls in flight; the next cuts.
  void Stop(absl::Duration grace);

  std::size_t calls_cut() const { return calls_cut_; }

 private:
  void Begin(absl::Duration grace);
  void Cut();
  // Once all connections have ended and, if a cut was begun, each shard has said what it cut.
  void EndIfDone();

  const Parts parts_;
  bool begun_ = false;
  bool cut_ = false;
  bool counting_ = false;  // what the shards cut
  bool all_ended_ = false;
  std::size_t calls_cut_ = 0;
};

}  // namespace rpc

#endif  // RPC_DRAIN_H_
