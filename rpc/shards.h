// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The polling threads of a server, and the gRPC servers that each has for the uids connected to it.
//
//   Shards shards({.count = 2, .limits = limits, .busy_poll = busy_poll, .services = &services});
//   absl::Status built = shards.Build();
//   shards.Start();
//   shards.Adopt(connection);                        // goes to the shard that has fewest
//   shards.OnEach([](Shard& shard) { ... }, [] { ...all have run it... });
//
// A connection and its calls stay with one shard. What shards share is little, and no two write the
// same on a call's way: see users.h and counter.h.
//
// gRPC's epoll set is one for the process, and each thread that polls takes events that are for the
// other: two were slower than one. So with several shards gRPC is told to use poll(2), where
// each thread looks only at what is its own. That costs more the more connections a shard has that
// do nothing: docs/performance.md. It is gRPC's choice for the process, made when it starts: a
// program that uses gRPC before it has a Server sets GRPC_POLL_STRATEGY=poll itself.
//
// Thread safety: Adopt() and Forget() belong to the accepting thread, Build(), Start() and Stop()
// to the owner; all else is for any thread. Ownership: owns all that it has, and borrows the
// services.

#ifndef RPC_SHARDS_H_
#define RPC_SHARDS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server_builder.h"
#include "rpc/connection.h"
#include "rpc/hosts.h"
#include "rpc/limits.h"
#include "rpc/service.h"
#include "rpc/shard.h"
#include "rpc/statistics.h"
#include "rpc/users.h"

namespace rpc {

class Shards {
 public:
  struct Parts {
    int count;  // from 1
    Limits limits;
    absl::Duration busy_poll;  // see busy_poll.h; 0 is never
    const std::vector<Service*>* services;
  };

  // Before gRPC starts, if there are to be several: see above.
  static void PollApart();

  explicit Shards(const Parts& parts);
  ~Shards();

  // Once all services are there. INTERNAL when gRPC would not start.
  absl::Status Build();
  void Start();
  // Once no call is in flight and none will come: see Shard::Stop().
  void Stop();

  void Adopt(std::shared_ptr<Connection> connection);
  void Forget(std::shared_ptr<Connection> connection);

  // Where there is something to do for all of them.
  Shard& first() { return *all_.front()->shard; }

  // Runs `work` on each polling thread, and then `then` on the last that has.
  void OnEach(const std::function<void(Shard&)>& work, std::function<void()> then);

  // Calls `then` once every shard has had a moment without a call in flight.
  void WhenIdle(std::function<void()> then);

  // Takes no connection any more, and has gRPC end, which takes until the last has ended: then
  // calls `ended`, on a thread of its own.
  void ShutDownGrpc(std::function<void()> ended);

  // By age.
  std::vector<std::shared_ptr<const Connection>> Connections() const;
  std::size_t calls_in_flight() const;
  // What was counted of calls.
  void AddTo(Statistics* sum) const { users_.AddTo(sum); }

 private:
  struct One {
    std::unique_ptr<Shard> shard;
    grpc::ServerBuilder builder;
    std::unique_ptr<Hosts> hosts;
    std::size_t connections = 0;  // the accepting thread's count
  };

  std::size_t Freest() const;
  void ShareOut(One* here);

  const Parts parts_;
  Users users_;
  std::vector<std::unique_ptr<One>> all_;  // always the same
  std::atomic<std::int64_t> share_ = 0;    // of memory, as the hosts were told

  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<const Connection>> connections_;  // guarded by mutex_
};

}  // namespace rpc

#endif  // RPC_SHARDS_H_
