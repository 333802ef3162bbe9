// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One thread of a server: a loop, and the connections whose calls are handled there.
//
//   rpc::Shard shard(std::move(loop), parts);
//   shard.loop().Post([&] { shard.Adopt(std::move(fd), &methods, connection, caller); });
//   shard.loop().Run();
//
// While a call is handled, shards share nothing but what each caller has in all (call/caller.h).
//
// Thread safety: belongs to the thread of its loop. The counters in calls(): any thread may read.
// Ownership: owns its loop and connections; borrows the rest.

#ifndef RPC_SHARD_H_
#define RPC_SHARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "http2/connection.h"
#include "http2/loop.h"
#include "rpc/admission.h"
#include "rpc/call/calls.h"
#include "rpc/call/connection_info.h"
#include "rpc/dispatcher.h"
#include "uds/unique_fd.h"

namespace rpc {

class Shard {
 public:
  struct Parts {
    std::size_t index;  // of its accounts
    const http2::Settings* settings;
    const Admission* admission;
    const std::vector<const Calls*>* all_calls;
    const CallHooks* call_hooks;
    // Called on the shard's thread.
    std::function<void(std::shared_ptr<Connection>)> spoke;
    std::function<void(std::shared_ptr<Connection>, http2::Ending)> ended;
  };

  Shard(std::unique_ptr<http2::Loop> loop, Parts parts);
  ~Shard();

  http2::Loop& loop() { return *loop_; }
  Calls& calls() { return calls_; }

  // A connection that was accepted. May end it at once.
  // `methods`: that it may call.
  void Adopt(uds::UniqueFd fd, const Methods* methods, std::shared_ptr<Connection> connection,
             Caller* caller);

  void End(std::uint64_t id);
  // Tells the client to leave; its calls in flight go on.
  void Drain(std::uint64_t id);

  // Tells all calls and clients to end, also those that come later.
  void Drain();
  // Ends all calls with UNAVAILABLE, and returns how many. No new ones are begun.
  std::size_t Cut();
  void EndAll();

 private:
  class Hosted;

  void Ended(std::uint64_t id, http2::Ending how);

  const std::unique_ptr<http2::Loop> loop_;
  const Parts parts_;
  Calls calls_;
  Dispatcher dispatcher_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Hosted>> connections_;  // by id
};

}  // namespace rpc

#endif  // RPC_SHARD_H_
