// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much a server gives away, in all and to one user, so that nobody can take it from the others.
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
#include <limits>

#include "absl/time/time.h"

namespace rpc {

struct Limits {
  static constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max();

  // Connections that are open, in all and of one uid; from 1. Over it: the calls of the connection
  // get RESOURCE_EXHAUSTED, with a sentence, until it is closed a second later; when too many are
  // over it at once, they are closed unanswered, and their clients see UNAVAILABLE. Once
  // all are taken, a newcomer of a uid that has fewer takes the place of an idle connection of the
  // uid that has most. Each takes two descriptors and some 15 KB.
  int max_connections = 4096;
  int max_connections_per_uid = 2048;

  // Connections that have not spoken yet, in all; from 1. For one more, the oldest of the uid that
  // has most of them is closed. To speak is to send the HTTP/2 preface and the SETTINGS frame after
  // it, which every client does at once; but one may make all of its connections first, and then
  // speak: as many as one uid may have.
  int max_silent_connections = 2048;

  // How long a connection may take to speak before it is closed. Above 0. PostgreSQL gives 60 s
  // (authentication_timeout), dbus-daemon 30 s (auth_timeout), for a dialogue; this is one message.
  absl::Duration handshake_timeout = absl::Seconds(10);

  // Calls in flight, in all and of one uid; from 1. Over it: RESOURCE_EXHAUSTED, with a sentence. A
  // uid has no more than take an eighth of max_memory_bytes, kCallBytes each.
  int max_calls = 8192;
  int max_calls_per_uid = 2048;

  // The longest message that is accepted, in bytes as encoded; from 1. Over it: RESOURCE_EXHAUSTED.
  // gRPC's own default. Responses have no limit of their own.
  int max_message_bytes = 4 * 1024 * 1024;

  // What requests, responses and unfinished messages may take, in bytes; from 16 MiB. Divided
  // evenly among the uids that are connected, so that a uid that is over its share is cut back
  // alone: its calls get RESOURCE_EXHAUSTED. Half of it is for messages, the other for those that
  // have not wholly arrived; of a uid's share of that, each of ServerOptions::shards has its part.
  std::int64_t max_memory_bytes = 256 * 1024 * 1024;

  // By how much the resident memory of the process may grow while the server runs, in bytes.
  // Beyond, all connections of the uid that seems to take most are closed: gRPC has memory that no
  // option of its bounds (memory_guard.h). For a process that does little else than serve, as what
  // it needs for itself counts too. By default nobody looks.
  std::int64_t max_growth_bytes = kUnlimited;

  // How long a client may leave unread what was sent to it before its connection is closed. Above
  // 0.
  absl::Duration send_timeout = absl::Seconds(30);

  // A connection without calls for so long, or open for so long, is told to go away. Its calls in
  // flight are finished, at most for `max_connection_age_grace`. Infinite: never.
  absl::Duration max_connection_idle = absl::InfiniteDuration();
  absl::Duration max_connection_age = absl::InfiniteDuration();
  absl::Duration max_connection_age_grace = absl::Seconds(10);

  // What a call takes besides its messages, in bytes (measured, gRPC 1.51).
  static constexpr std::int64_t kCallBytes = 13 * 1024;

  int CallsPerUid() const {
    const std::int64_t in_memory = std::max<std::int64_t>(max_memory_bytes / 8 / kCallBytes, 1);
    return static_cast<int>(std::min<std::int64_t>(max_calls_per_uid, in_memory));
  }
};

}  // namespace rpc

#endif  // RPC_LIMITS_H_
