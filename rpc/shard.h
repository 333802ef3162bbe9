// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A completion queue and the one thread that polls it: where handlers run.
//
// All calls of a connection are handled by one shard, on its thread, one event at a time: a handler
// needs no locks against another handler of its shard, and must never block. Work from other
// threads comes in through Post().
//
// Thread safety: Post() and calls_in_flight() may be called from any thread, Start() and Stop()
// from the owner's; all else belongs to the polling thread. Ownership: owns the queue, the thread
// and the connection table, borrows the users; the calls own themselves.

#ifndef RPC_SHARD_H_
#define RPC_SHARD_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "grpc/support/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/completion_queue.h"
#include "rpc/busy_poll.h"
#include "rpc/connection.h"
#include "rpc/counter.h"
#include "rpc/tag.h"
#include "rpc/users.h"

namespace rpc {

class Call;

// A time for gRPC's alarms: `delay` from now by the clock that nobody sets. Below 0 is now.
gpr_timespec DeadlineAfter(absl::Duration delay);

class Shard {
 public:
  // `busy_poll`: see busy_poll.h; 0 is never.
  Shard(std::unique_ptr<grpc::ServerCompletionQueue> queue, absl::Duration busy_poll, Users* users);
  ~Shard();

  void Start();

  // Ends the thread and waits for it, after everything posted so far has run. No call may be in
  // flight and none may arrive any more: the server was shut down and WhenIdle() has spoken.
  void Stop();

  // Runs `work` on the polling thread, soon, or not at all once Stop() was called. Work of one
  // caller keeps its order.
  void Post(std::function<void()> work);

  // --- On the polling thread only ---

  // Runs `work` on the polling thread after `delay`, or not at all if the shard stops before.
  void After(absl::Duration delay, std::function<void()> work);

  // The server drains from now on.
  void BeginDrain() { draining_ = true; }
  bool draining() const { return draining_; }

  // Runs `work`, perhaps at once, when no call is in flight.
  void WhenIdle(std::function<void()> work);

  // The calls in flight. One that began says so, and takes itself out by its place in the list.
  using Calls = std::list<Call*>;
  Calls::iterator CallBegan(Call* call) {
    in_flight_.Add(1);
    return calls_.insert(calls_.end(), call);
  }
  void CallEnded(Calls::iterator place);
  const Calls& calls() const { return calls_; }

  std::int64_t calls_in_flight() const { return in_flight_.value(); }

  ConnectionTable& connections() { return connections_; }
  Users& users() { return users_; }
  grpc::ServerCompletionQueue* queue() { return queue_.get(); }

 private:
  class Timer;

  void Poll();
  bool Next(void** tag, bool* ok);
  bool HasStopped();
  void RunPosted(bool ok);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;
  BusyPoll busy_poll_;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // guarded by mutex_
  bool stopped_ = false;                       // likewise: nothing is posted any more
  grpc::Alarm wake_;                           // set while posted_ is not empty
  MemberTag<Shard, &Shard::RunPosted> woken_{this};

  ConnectionTable connections_;
  Users& users_;
  Calls calls_;
  Gauge in_flight_;  // their number
  std::list<std::unique_ptr<Timer>> timers_;
  std::function<void()> when_idle_;
  bool draining_ = false;
};

}  // namespace rpc

#endif  // RPC_SHARD_H_
