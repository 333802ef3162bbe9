// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where connections wait until they have spoken: sent what begins HTTP/2 (handshake.h).
//
//   Gate gate(&loop, limits, &counters, {.spoke = ..., .refused = ...});
//   gate.Enter({std::move(fd), peer});
//
// They are few (Limits::max_silent_connections): for one more, the oldest of the uid that has most
// is closed, so that one who opens many gets in nobody's way. None stays longer than
// Limits::handshake_timeout. What speaks another protocol is closed at once. One that leaves by
// itself without a word, as someone does who only asks whether a server is there, is no event.
//
// Thread safety: none; lives on the event loop's thread.
// Ownership: owns the descriptors of those who wait.

#ifndef RPC_GATE_H_
#define RPC_GATE_H_

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>

#include "absl/status/status.h"
#include "rpc/event_loop.h"
#include "rpc/limits.h"
#include "rpc/statistics.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

struct Newcomer {
  uds::UniqueFd fd;
  uds::PeerCredentials peer;
};

class Gate {
 public:
  struct Callbacks {
    // One has spoken, and is taken. False, with the newcomer as it was: not now, ask again after
    // uds::kAcceptPause.
    std::function<bool(Newcomer*)> spoke;
    // One was closed, and why.
    std::function<void(const absl::Status& why)> refused;
  };

  Gate(EventLoop* loop, const Limits& limits, ConnectionCounters* counters, Callbacks callbacks);
  ~Gate();

  // May call `spoke` at once.
  void Enter(Newcomer newcomer);

  std::size_t size() const { return waiting_.size(); }

  void CloseAll();

 private:
  struct Waiting {
    Newcomer newcomer;
    std::chrono::steady_clock::time_point due;
    bool watched = false;
  };
  // By age. The due times rise with it.
  using Queue = std::map<std::uint64_t, Waiting>;

  void Look(std::uint64_t id);
  void Spoke(Queue::iterator at);
  void Await(Queue::iterator at);
  void Refuse(Queue::iterator at, const absl::Status& why);
  Newcomer Take(Queue::iterator at);
  void Forget(uid_t uid);
  void MakeRoom();
  void CloseOverdue();
  void StartTimer();

  EventLoop* const loop_;
  const Limits limits_;
  ConnectionCounters& counters_;
  const Callbacks callbacks_;
  std::uint64_t last_id_ = 0;
  Queue waiting_;
  std::unordered_map<uid_t, int> by_uid_;
  bool timer_runs_ = false;
};

}  // namespace rpc

#endif  // RPC_GATE_H_
