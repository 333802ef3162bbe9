// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One accepted connection, and the table in which a call finds its own.
//
// gRPC tells of a call only "fd:17", the descriptor that its connection was adopted with. The table
// ties that number to what the kernel said of the peer when the connection was accepted.
//
// Thread safety: none. A table and its connections belong to one shard's polling thread, except for
// the const members of Connection, which anyone may read.
// Ownership: shared between the table, until the connection ends, and the calls that came on it.

#ifndef RPC_CONNECTION_H_
#define RPC_CONNECTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "rpc/counter.h"
#include "uds/peer_credentials.h"
#include "uds/unique_fd.h"

namespace rpc {

struct Account;

struct Connection {
  const std::uint64_t id;           // never used twice in one server
  const int fd;                     // the number that gRPC was given, and owns
  const uds::UniqueFd socket;       // the same socket, ours
  const uds::PeerCredentials peer;  // who called connect(2)
  const absl::Time since;           // when it was accepted
  const absl::Status admission;     // what its calls are refused with; OK if they are not
  const uid_t place;                // as whose it counts: see places.h
  const bool guest;                 // over a limit, and counts nowhere: it is told so, and ends

  // The server's own, made by self_call.h: nobody loses anything with it. Of the sockets that come
  // from this process only those have a name. Any thread may ask.
  bool IsSelfCall() const;

  // Ends it at once, for both sides; what is still in the socket is gone. Any thread may.
  void End() const;
  // The same for the sake of others.
  void EndForOffence() const;

  std::size_t shard = 0;       // which one has it, from the moment that it is handed over
  Account* account = nullptr;  // whose it is: see users.h
  // These may be read by any thread, and `offended` set by any.
  std::atomic<int> calls_in_flight = 0;
  Counter writes_ended;
  mutable std::atomic<bool> offended = false;  // it is ended for the sake of others: penalties.h
  Counter calls;                               // all that ever arrived
  Counter bytes_received;                      // of messages, as encoded
  Counter bytes_sent;
  int writes_under_way = 0;  // messages and statuses that gRPC has not yet put into the socket
  bool goaway_due = false;   // see goaway.h
  bool goaway_sent = false;
  int goaway_tries =
      0;  // in a row with a write under way; of these, the latest with an empty socket:
  int goaway_quiet_tries = 0;
  std::vector<std::function<void()>> held_writes;  // that begin once GOAWAY was sent
};

class ConnectionTable {
 public:
  void Insert(std::shared_ptr<Connection> connection);

  // The connection has ended. Calls on it may still be running. No effect once the descriptor's
  // number belongs to a later connection.
  void Remove(const Connection& connection);

  // The connection that gRPC calls `peer`; null when it has ended, or for a name of another form.
  std::shared_ptr<Connection> Find(absl::string_view peer) const;

  // Tells all clients to go away that were not told yet: see goaway.h.
  void GoAway();

  bool Has(const Connection& connection) const;

 private:
  std::unordered_map<int, std::shared_ptr<Connection>> by_fd_;
};

}  // namespace rpc

#endif  // RPC_CONNECTION_H_
