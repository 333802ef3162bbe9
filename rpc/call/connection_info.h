// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a call can tell of the connection that it came on.
//
//   call.connection().peer.uid
//
// Thread safety: any thread may read it; its thread alone counts.
// Ownership: shared between the connection, its calls, and those who list the connections.

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
  std::uint64_t id = 0;  // which the server does not use twice
  absl::Time since;
  uds::PeerCredentials peer;

  // What all of its calls are refused with, unless it is OK: see ServerOptions::admit.
  absl::Status admission;

  http2::Counter calls;           // that ever came
  http2::Gauge calls_in_flight;   // not answered yet
  http2::Counter bytes_received;  // of messages, as encoded
  http2::Counter bytes_sent;
};

}  // namespace rpc

#endif  // RPC_CALL_CONNECTION_INFO_H_
