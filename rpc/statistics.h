// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server counts from its start on.
//
//   const std::uint64_t refused = server.statistics().calls_refused;
//
// Thread safety: Statistics is a value, its numbers not quite of one moment. The counters are as
// counter.h says: those of connections are the accepting thread's, and each polling thread has its
// own of calls. Ownership: the server's.

#ifndef RPC_STATISTICS_H_
#define RPC_STATISTICS_H_

#include <cstdint>

#include "rpc/counter.h"

namespace rpc {

struct Statistics {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0;  // over a limit, or their credentials could not be read
  std::uint64_t connections_silent = 0;   // closed: did not speak in time, or no HTTP/2
  std::uint64_t connections_unread = 0;   // closed: left unread what was sent to it
  std::uint64_t connections_shed = 0;     // closed: memory or time was short, or a header flood
  std::uint64_t calls_begun = 0;          // with those refused
  std::uint64_t calls_refused = 0;        // RESOURCE_EXHAUSTED: over a limit of calls or of memory
  std::uint64_t calls_denied = 0;         // PERMISSION_DENIED: not on the allow list
  std::uint64_t bytes_received = 0;       // of messages, as encoded
  std::uint64_t bytes_sent = 0;
};

struct ConnectionCounters {
  Counter accepted;
  Counter refused;
  Counter silent;
  Counter unread;
  Counter shed;

  void AddTo(Statistics* sum) const {
    sum->connections_accepted += accepted.value();
    sum->connections_refused += refused.value();
    sum->connections_silent += silent.value();
    sum->connections_unread += unread.value();
    sum->connections_shed += shed.value();
  }
};

struct CallCounters {
  Counter begun;
  Counter refused;
  Counter denied;
  Counter bytes_received;
  Counter bytes_sent;

  void AddTo(Statistics* sum) const {
    sum->calls_begun += begun.value();
    sum->calls_refused += refused.value();
    sum->calls_denied += denied.value();
    sum->bytes_received += bytes_received.value();
    sum->bytes_sent += bytes_sent.value();
  }
};

}  // namespace rpc

#endif  // RPC_STATISTICS_H_
