// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Finds the clients that leave unread what was sent to them: what keeps a message in the server's
// memory, and gRPC's thread polling.
//
//   UnreadWatch unread(&loop, send_timeout, {.quiet = ..., .stalled = ...});
//   unread.Begin(id, connection);         // it has sent something: something will be sent to it
//
// A connection is looked at eight times within the timeout, and each second, while there is
// anything unread in its socket, or a call in flight; then it is quiet. One whose unread bytes have
// not changed in all of the timeout, while none of its messages went out, is stalled. (A client
// that reads, but leaves a stream's window closed, is not: HTTP/2 keeps that stream's messages
// back, and rpc/users.h bounds what they take.)
//
// Thread safety: none; lives on the event loop's thread. Ownership: shares the connections.

#ifndef RPC_UNREAD_WATCH_H_
#define RPC_UNREAD_WATCH_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "absl/time/time.h"
#include "rpc/connection.h"
#include "rpc/event_loop.h"

namespace rpc {

class UnreadWatch {
 public:
  // Each has its connection forgotten by then. Told from a timer.
  struct Callbacks {
    std::function<void(std::uint64_t id)> quiet;
    std::function<void(std::uint64_t id)> stalled;
  };

  UnreadWatch(EventLoop* loop, absl::Duration timeout, Callbacks callbacks)
      : loop_(loop), timeout_(timeout), callbacks_(std::move(callbacks)) {}

  void Begin(std::uint64_t id, std::shared_ptr<const Connection> connection);
  void Forget(std::uint64_t id) { watched_.erase(id); }

  // Whether nobody is being watched.
  bool empty() const { return watched_.empty(); }

 private:
  struct Watched {
    std::shared_ptr<const Connection> connection;
    int unread = 0;
    std::uint64_t writes = 0;
    std::chrono::steady_clock::time_point since = {};  // both have been what they are
  };
  enum class Finding { kGoesOn, kQuiet, kStalled };

  Finding Look(Watched* watched) const;
  void LookAtAll();
  void StartTimer();

  EventLoop* const loop_;
  const absl::Duration timeout_;
  const Callbacks callbacks_;
  std::map<std::uint64_t, Watched> watched_;
  bool timer_runs_ = false;
};

}  // namespace rpc

#endif  // RPC_UNREAD_WATCH_H_
