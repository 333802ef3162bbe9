// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client's side: one connection, or one sentence that says why not.
//
//   absl::StatusOr<uds::UniqueFd> fd = uds::Connect(address, absl::Seconds(5));
//   if (!fd.ok()) return Fail(fd.status());
//
// Thread safety: a free function without state.

#ifndef UDS_CONNECT_H_
#define UDS_CONNECT_H_

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace uds {

// Connects a stream socket; the descriptor is non-blocking and close-on-exec. Waits up to `timeout`
// for a server whose backlog is full (zero or less: not at all; infinite: for ever); every other answer is
// immediate. A signal does not shorten the wait.
//
//   NotFound            no such path
//   Unavailable         refused: nobody listens (or not yet, or not any more)
//   PermissionDenied    the socket's mode, or a directory on the way; says who owns it
//   FailedPrecondition  not a socket, or one of another type
//   DeadlineExceeded    the backlog stayed full
absl::StatusOr<UniqueFd> Connect(const Address& address, absl::Duration timeout);

}  // namespace uds

#endif  // UDS_CONNECT_H_
