// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// uds::Connect() for TCP.
//
//   absl::StatusOr<uds::UniqueFd> fd = TcpConnect("localhost", "50051", absl::Seconds(5));
//
// Thread safety: a free function without state.

#ifndef CLIENT_TCP_CONNECT_H_
#define CLIENT_TCP_CONNECT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

// Tries the host's addresses one after the other, and gives the first connection: non-blocking,
// close-on-exec, without Nagle's delay. The lookup of the name is not bounded by `timeout`.
//
//   NotFound          the host has no address
//   Unavailable       refused or not reachable
//   DeadlineExceeded  no answer in time
absl::StatusOr<uds::UniqueFd> TcpConnect(const std::string& host, const std::string& port,
                                         absl::Duration timeout);

}  // namespace udsecho::client

#endif  // CLIENT_TCP_CONNECT_H_
