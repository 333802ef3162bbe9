// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Asks another thread for a sign of life while there is something going on, and says when none
// comes.
//
//   Heartbeat heartbeat(&loop, [](auto beat) { shard->Post(beat); }, [] { ...what holds it up?...
//   }); heartbeat.Begin([] { return something_goes_on; });
//
// Thread safety: none; lives on the event loop's thread. `ask` has its argument called on the
// other. Ownership: what was handed to `ask` may be called at any later time, also when this is
// gone.

#ifndef RPC_HEARTBEAT_H_
#define RPC_HEARTBEAT_H_

#include <atomic>
#include <functional>
#include <memory>

#include "absl/time/time.h"
#include "rpc/event_loop.h"

namespace rpc {

class Heartbeat {
 public:
  // Between two questions. A thread that takes longer to answer is held up.
  static constexpr absl::Duration kBeat = absl::Milliseconds(100);

  using Ask = std::function<void(std::function<void()> beat)>;

  // `held_up` is called for each kBeat without an answer, and told how many there were in a row.
  Heartbeat(EventLoop* loop, Ask ask, std::function<void(int missed)> held_up)
      : loop_(loop), ask_(std::move(ask)), held_up_(std::move(held_up)) {}

  // Asks from now on, and as long as `goes_on` says so.
  void Begin(std::function<bool()> goes_on);

 private:
  void Beat();

  EventLoop* const loop_;
  const Ask ask_;
  const std::function<void(int missed)> held_up_;
  std::function<bool()> goes_on_;
  const std::shared_ptr<std::atomic<bool>> answered_ = std::make_shared<std::atomic<bool>>(true);
  bool beating_ = false;
  int missed_ = 0;
};

}  // namespace rpc

#endif  // RPC_HEARTBEAT_H_
