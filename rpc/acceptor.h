// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Accepts connections, ties each to its peer's credentials, and hands it to a shard.
//
// A connection's way: accepted, its credentials read, at the gate until it has spoken (gate.h),
// under the limits of its uid and of all, then a descriptor for gRPC and one for us. Ours tells
// when the connection has ended, and is the only means to end one: gRPC offers none.
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

#include "absl/status/status.h"
#include "rpc/connection.h"
#include "rpc/descriptor_numbers.h"
#include "rpc/event_loop.h"
#include "rpc/gate.h"
#include "rpc/heartbeat.h"
#include "rpc/limits.h"
#include "rpc/overload.h"
#include "rpc/penalties.h"
#include "rpc/places.h"
#include "rpc/server_events.h"
#include "rpc/statistics.h"
#include "rpc/unread_watch.h"
#include "uds/listener.h"

namespace rpc {

class Acceptor {
 public:
  struct Parts {
    EventLoop* loop;
    ServerEvents* events;
    ConnectionCounters* counters;
    Limits limits;
    // Whether whoever connected may call: see ServerOptions.
    std::function<absl::Status(const uds::PeerCredentials&)> admit;
    // Who is told of a connection that came, and then owns `connection->fd`, and of one that ended.
    std::function<void(std::shared_ptr<Connection>)> adopt;
    std::function<void(std::shared_ptr<Connection>)> forget;
    // Asks the polling thread for a sign of life.
    Heartbeat::Ask ask;
  };

  Acceptor(uds::Listener listener, Parts parts);
  ~Acceptor();

  absl::Status Start();

  // Refuses all who connect from now on, and accepts those who did before.
  void AcceptTheRest();

  // Those at the gate too.
  std::size_t open_connections() const { return open_.size() + gate_.size(); }

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
    std::chrono::steady_clock::time_point heard;  // kept after AcceptTheRest() only
  };

  absl::Status Listen();
  void CheckPath();
  void Accept();
  // False when nobody waits any more, or accepting has to pause.
  bool AcceptOne();
  void Pause(const absl::Status& why);

  // Whether it was refused: it is kept out for a while (penalties.h).
  bool RefuseWhoIsOut(uid_t uid);
  // Of one that has spoken: false if there is no descriptor for it now.
  bool Admit(Newcomer* newcomer);
  void Refuse(const absl::Status& why);
  void Adopt(std::shared_ptr<Connection> connection);
  void End(std::uint64_t id);
  // Makes a place for one more of this user; if there is none, says why not.
  absl::Status MakePlace(uid_t user);

  Connections All() const;
  void Stirred(std::uint64_t id);
  // It has sent something.
  void LookAfter(std::uint64_t id, const std::shared_ptr<Connection>& connection);
  void Ended(std::uint64_t id);
  void EndStalled(std::uint64_t id);

  uds::Listener listener_;
  const Parts parts_;
  Gate gate_;
  UnreadWatch unread_;
  Overload overload_;
  Places places_;
  Penalties penalties_;
  DescriptorNumbers numbers_;
  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Open> open_;  // by id
  absl::Status path_;                             // what the program was told last
  int guests_ = 0;
  bool paused_ = false;
  bool refusing_ = false;
};

}  // namespace rpc

#endif  // RPC_ACCEPTOR_H_
