// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is known of a connection: for its calls, and for lists of connections.
//
//   call.connection().peer.uid
//
// Thread safety: any thread may read it; only the connection's thread changes its counters.
// Ownership: shared by the connection, its calls, and the lists.

#ifndef RPC_CALL_CONNECTION_INFO_H_
#define RPC_CALL_CONNECTION_INFO_H_

#include <atomic>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http2/counter.h"
#include "uds/peer_credentials.h"

namespace rpc {

struct Connection {
  std::uint64_t id = 0;  // the server uses each number once
  int endpoint = 0;      // Endpoint::index() of the socket at which it was accepted
  absl::Time since;
  uds::PeerCredentials peer;

  // If not OK, the answer to all of its calls: see ServerOptions::admit.
  absl::Status admission;

  http2::Counter calls;           // since it was opened
  http2::Gauge calls_in_flight;   // not answered yet
  http2::Counter bytes_received;  // of messages, as encoded
  http2::Counter bytes_sent;
};

}  // namespace rpc

#endif  // RPC_CALL_CONNECTION_INFO_H_
