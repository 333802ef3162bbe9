// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server reports to its program about connections and its own end. rpc/ itself never logs.
//
// Thread safety: the members are called on the thread in Server::Run(), one at a time; Stuck() on
// another. They must not block or throw: handlers run on the same thread.
// Ownership: the program owns it; it outlives Server::Run(), or Finish().

#ifndef RPC_SERVER_EVENTS_H_
#define RPC_SERVER_EVENTS_H_

#include <cstddef>
#include <cstdlib>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "rpc/call/connection_info.h"

namespace rpc {

class ServerEvents {
 public:
  virtual ~ServerEvents() = default;

  // Connections are accepted from now on.
  virtual void Serving() {}

  // A client has connected and speaks HTTP/2. With one shard this comes before its first call is
  // handled, with several perhaps a little later.
  virtual void ConnectionOpened(const Connection& /*connection*/) {}
  // Of each that was opened, once.
  virtual void ConnectionClosed(const Connection& /*connection*/) {}

  // A connection was closed, as its client read nothing for Limits::send_timeout.
  virtual void ConnectionStalled(const Connection& /*connection*/) {}

  // A connection was closed, as its client sent too many frames that carry nothing, a header far too
  // long, or PINGs more often than Limits::min_ping_interval.
  virtual void ConnectionFlooded(const Connection& /*connection*/) {}

  // A connection was refused: it was over a limit, its credentials could not be read, it did not
  // begin HTTP/2 in time, it speaks something else, or memory or descriptors ran out. One that is over a
  // limit may be opened all the same, for a second, so that its calls are told why. One whose peer may
  // not call (EndpointOptions::admit) is not refused: its calls are. Null: its credentials could not be
  // read.
  virtual void ConnectionRefused(const absl::Status& /*why*/, const Connection* /*connection*/) {}

  // Accepting pauses for uds::kAcceptPause, as descriptors or memory have run out. Clients that
  // connect meanwhile wait in the backlog.
  virtual void AcceptPaused(const absl::Status& /*why*/) {}

  // The path of an endpoint (Endpoint::index()) was removed or replaced, so that new clients do not come
  // here; OK once it is back. ALREADY_EXISTS: another server has taken it over.
  virtual void PathChanged(int /*endpoint*/, const absl::Status& /*still_ours*/) {}

  // Stop was asked for: calls in flight have `grace` from now.
  virtual void Draining(absl::Duration /*grace*/) {}

  // The grace is over, or stop was asked for again: `calls` calls in flight are cut off.
  virtual void Cutting(std::size_t /*calls*/) {}

  // A second after the cut the server has not ended: a handler blocks its thread. The path has been
  // given up. Must end the process, as nothing else can be done, and not return.
  virtual void Stuck() { std::abort(); }
};

}  // namespace rpc

#endif  // RPC_SERVER_EVENTS_H_
