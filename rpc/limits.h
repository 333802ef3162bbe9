// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much a server gives away, in all and to one user: no user can take it from the others.
//
//   rpc::ServerOptions options;
//   options.limits.max_calls_per_uid = 100;
//
// A user is a uid, by the kernel's word: see uds/peer_credentials.h.
//
// Thread safety and ownership: a value.

#ifndef RPC_LIMITS_H_
#define RPC_LIMITS_H_

#include <algorithm>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace rpc {

struct Limits {
  // Open connections, in all and of one uid; from 1. The calls of a connection over a limit get
  // RESOURCE_EXHAUSTED with a reason, and it is closed after a second. If 64 are over a limit
  // already, the next one is closed at once, and its client sees UNAVAILABLE. Once max_connections
  // are open, a new one of a uid that has fewer takes the place of an idle one of the uid that has
  // most.
  int max_connections = UsualConnections();
  int max_connections_per_uid = std::max(UsualConnections() / 2, 1);

  // Connections that have not sent their HTTP/2 preface and SETTINGS yet, in all; from 1. For one
  // more, the oldest of the uid that has most of them is closed. A client sends these at once, but
  // it may open all of its connections first; hence as many as one uid may have.
  int max_silent_connections = std::max(UsualConnections() / 2, 1);

  // How long a connection may take to send them before it is closed. Above 0. PostgreSQL gives 60 s
  // (authentication_timeout), dbus-daemon 30 s (auth_timeout), for a dialogue; this is one message.
  absl::Duration handshake_timeout = absl::Seconds(10);

  // Calls in flight, in all and of one uid; from 1. Over it: RESOURCE_EXHAUSTED, with a reason. One
  // uid also has at most as many as fit into an eighth of max_memory_bytes, at kCallBytes each. A
  // uid with fewer than 8 is served although max_calls is reached.
  int max_calls = 8192;
  int max_calls_per_uid = 2048;

  // The longest message that is accepted, in bytes as encoded; from 1. Over it: RESOURCE_EXHAUSTED.
  // gRPC's own default. Messages of very many fields are refused likewise (wire/parsed_size.h).
  // Responses have no limit of their own.
  int max_message_bytes = 4 * 1024 * 1024;

  // The longest metadata of a call, in bytes, as HTTP/2 counts (RFC 9113, 6.5.2: names, values, and
  // 32 for each field); from 1 KiB to 1 MiB. Over it: RESOURCE_EXHAUSTED. gRPC's own default.
  int max_metadata_bytes = 8 * 1024;

  // The memory that connections, requests and responses may take, in bytes; from 16 MiB. The
  // requests of one uid may hold as much as they leave free, which is half if it is alone
  // (http2/account.h). Over it: RESOURCE_EXHAUSTED.
  std::int64_t max_memory_bytes = 256 * 1024 * 1024;

  // How long a client may read nothing of what was sent to it before its connection is closed. One that
  // reads and keeps its HTTP/2 windows shut stays, as long as it answers PINGs.
  // Above 0.
  absl::Duration send_timeout = absl::Seconds(30);

  // A connection without calls for so long, or open for so long, is told to go away. Its calls in
  // flight are finished, at most for `max_connection_age_grace`, from 0. The first two are above 0;
  // infinite: never.
  absl::Duration max_connection_idle = absl::InfiniteDuration();
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration max_connection_age_grace = absl::Seconds(10);

  // The least time between two PINGs of a client without messages or headers in between, and
  // whether it may send PING without a call in flight. A client that does otherwise three times in
  // a row gets GOAWAY (too_many_pings), and its connection ends. From 0: any number, short of a flood
  // (http2/flood_budget.h).
  absl::Duration min_ping_interval = absl::ZeroDuration();
  bool pings_when_idle = true;

  // By default 4096, or fewer where the process has no descriptors for so many (uds/descriptor_limit.h),
  // less some for the program's own files. Who sets more risks that a uid takes all descriptors.
  static constexpr int kUsualConnections = 4096;
  static constexpr int kOwnDescriptors = 64;
  static int UsualConnections() { return std::min(kUsualConnections, MostConnections()); }
  static int MostConnections();  // from 1

  // What a call takes besides its messages, in bytes (measured).
  static constexpr std::int64_t kCallBytes = 6 * 1024;

  int CallsPerUid() const {
    const std::int64_t in_memory = std::max<std::int64_t>(max_memory_bytes / 8 / kCallBytes, 1);
    return static_cast<int>(std::min<std::int64_t>(max_calls_per_uid, in_memory));
  }

  // INVALID_ARGUMENT, with the name of the member, for values that make no sense.
  absl::Status Check() const;
};

}  // namespace rpc

#endif  // RPC_LIMITS_H_
