// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server counts from its start on.
//
//   const std::uint64_t refused = server.statistics().calls_refused;
//
// Thread safety and ownership: a value. Its numbers were read one after the other, while others
// were counting.

#ifndef RPC_STATISTICS_H_
#define RPC_STATISTICS_H_

#include <cstdint>

namespace rpc {

struct Statistics {
  std::uint64_t connections_accepted = 0;
  // All those for ServerEvents::ConnectionRefused().
  std::uint64_t connections_refused = 0;
  // Of these, closed once accepted: did not begin HTTP/2 in time or at all, or had no memory for it.
  std::uint64_t connections_silent = 0;
  std::uint64_t connections_unread = 0;   // closed: read nothing of what was sent to it
  std::uint64_t connections_flooded = 0;  // closed: sent too much that carries nothing, PINGs too
  std::uint64_t calls_begun = 0;          // all requests, refused ones too
  // RESOURCE_EXHAUSTED: over a limit of calls, of messages, of metadata or of memory.
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_denied = 0;    // their caller may not call
  std::uint64_t bytes_received = 0;  // of messages, as encoded
  std::uint64_t bytes_sent = 0;
};

}  // namespace rpc

#endif  // RPC_STATISTICS_H_
