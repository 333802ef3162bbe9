// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server tells its program about connections and its own end. rpc/ itself never logs.
//
// Thread safety: the members are called on the thread in Server::Run(), one at a time. They must
// not block: while one runs, nobody is accepted. Ownership: the program owns it; it outlives the
// server.

#ifndef RPC_SERVER_EVENTS_H_
#define RPC_SERVER_EVENTS_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdlib>

#include "absl/status/status.h"
#include "rpc/connection.h"

namespace rpc {

class ServerEvents {
 public:
  virtual ~ServerEvents() = default;

  // Connections are accepted from now on.
  virtual void Serving() {}

  // Before the first call of the connection is handled.
  virtual void ConnectionOpened(const Connection& /*connection*/) {}
  virtual void ConnectionClosed(const Connection& /*connection*/) {}

  // A connection left unread what was sent to it, for Limits::send_timeout, and is closed next.
  virtual void ConnectionStalled(const Connection& /*connection*/) {}

  // The process has grown by more than Limits::max_growth_bytes, or its polling thread was held up
  // for a second: the connections of the uid that seems to cause it are closed, so many. All who
  // may not call are one uid, which is -1.
  virtual void ConnectionsShed(uid_t /*uid*/, std::size_t /*connections*/) {}

  // A connection held up the polling thread with a header that does not end, and is closed next.
  virtual void ConnectionFlooded(const Connection& /*connection*/) {}

  // A connection was closed before a call was taken: it was over a limit, its uid has a penalty, it
  // did not speak in time, does not speak HTTP/2, or its credentials could not be read.
  virtual void ConnectionRefused(const absl::Status& /*why*/) {}

  // Nobody is accepted for uds::kAcceptPause: descriptors or memory have run out. Those who connect
  // meanwhile wait in the backlog.
  virtual void AcceptPaused(const absl::Status& /*why*/) {}

  // Whether clients that connect now come here: told when that changes. The path was removed, or
  // something else is there; OK once it is back.
  virtual void PathChanged(const absl::Status& /*still_ours*/) {}

  // The server's call to itself (ServerOptions::call_itself) was not answered, and is tried again
  // in a second. Health stays NOT_SERVING.
  virtual void SelfCallFailed(const absl::Status& /*why*/) {}

  // Stop was asked for: calls in flight have `grace` from now.
  virtual void Draining(absl::Duration /*grace*/) {}

  // The grace is over, or stop was asked for again: `calls` calls in flight are cut off. Once more
  // when others turn up that were on their way.
  virtual void Cutting(std::size_t /*calls*/) {}

  // A second after the cut the server has still not ended: a handler blocks its thread. The path
  // has been given up. Ends the process, as nothing else can be done; must not return.
  virtual void Stuck() { std::abort(); }
};

}  // namespace rpc

#endif  // RPC_SERVER_EVENTS_H_
