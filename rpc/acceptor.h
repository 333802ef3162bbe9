// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Accepts connections, ties each to its peer's credentials, and hands it to a shard.
//
// Of every connection the acceptor keeps the descriptor that was accepted; gRPC gets a duplicate.
// Ours tells when the connection has ended, and is the only means to end one: gRPC offers none.
//
// Thread safety: none; lives on the event loop's thread.
// Ownership: owns the listener and the descriptors that it accepted. Borrows the rest. The path of
// the listener is given up with the acceptor, not before.

#ifndef RPC_ACCEPTOR_H_
#define RPC_ACCEPTOR_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "rpc/connection.h"
#include "rpc/descriptor_numbers.h"
#include "rpc/event_loop.h"
#include "rpc/server_events.h"
#include "uds/listener.h"

namespace rpc {

class Acceptor {
 public:
  // Who is told of a connection that came, and then owns `connection->fd`, and of one that ended.
  struct Handover {
    std::function<void(std::shared_ptr<Connection>)> adopt;
    std::function<void(std::shared_ptr<Connection>)> forget;
  };

  Acceptor(EventLoop* loop, uds::Listener listener, Handover handover, ServerEvents* events);
  ~Acceptor();

  absl::Status Start();

  // Refuses all who connect from now on, and accepts those who did before.
  void AcceptTheRest();

  std::size_t open_connections() const { return open_.size(); }

  // After AcceptTheRest(): whether a client has sent anything in the last `span`.
  bool HeardInTheLast(std::chrono::milliseconds span) const;

  // Those that hold bytes which gRPC has not looked at.
  using Connections = std::vector<std::shared_ptr<const Connection>>;
  Connections Unread() const;

  // Gives up the listener's path at once: for an end that runs no destructors.
  void GiveUpPath() { listener_.Release().IgnoreError(); }

  // Ends all connections at once, for both sides.
  void EndAll();

 private:
  struct Open {
    std::shared_ptr<Connection> connection;
    std::chrono::steady_clock::time_point heard = {};  // kept after AcceptTheRest() only
  };

  absl::Status Listen();
  void Accept();
  // False when nobody waits any more, or accepting has to pause.
  bool AcceptOne();
  void Pause(const absl::Status& why);
  absl::Status Admit(uds::UniqueFd* fd);
  void Ended(std::uint64_t id);
  void WatchForData(std::uint64_t id);
  void Stirred(std::uint64_t id);

  EventLoop* const loop_;
  uds::Listener listener_;
  const Handover handover_;
  ServerEvents* const events_;
  DescriptorNumbers numbers_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Open> open_;  // by id
  uds::UniqueFd waiting_;  // accepted, but there was no second descriptor for it
  bool refusing_ = false;
};

}  // namespace rpc

#endif  // RPC_ACCEPTOR_H_
