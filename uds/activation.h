// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The listening socket that a service manager opened for this process: systemd's socket
// activation, or anything that does as sd_listen_fds(3) describes.
//
//   absl::StatusOr<std::optional<uds::ActivatedSocket>> given = uds::TakeActivatedSocket();
//   if (!given.ok()) return Fail(given.status());
//   if (given->has_value()) Serve(uds::Listener::Of(std::move((*given)->fd), (*given)->address));
//
// The path of such a socket belongs to the manager: it is neither made, changed nor removed here.
//
// Thread safety: changes the environment: call it first in main, before any thread starts.

#ifndef UDS_ACTIVATION_H_
#define UDS_ACTIVATION_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace uds {

struct ActivatedSocket {
  UniqueFd fd;  // non-blocking and close-on-exec
  Address address;
};

// Takes the socket that $LISTEN_FDS tells of, and that variable with its kin out of the
// environment. Nullopt when there is none: $LISTEN_FDS is 0 or empty, or $LISTEN_PID is not this
// process. InvalidArgument, with a sentence, when it is not one socket but several, or when it is no
// listening Unix stream socket with an address.
absl::StatusOr<std::optional<ActivatedSocket>> TakeActivatedSocket();

// Whether `wanted` is where `given` listens: InvalidArgument with both if not. Two names of one
// file are the same.
absl::Status CheckSameAddress(const Address& given, const Address& wanted);

}  // namespace uds

#endif  // UDS_ACTIVATION_H_
