// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent's two sockets: those that systemd passed (tokens.socket, tokens-admin.socket), or of its own
// making.
//
//   absl::StatusOr<uds::ActivatedSockets> given = uds::ActivatedSockets::Take();  // first in main()
//   absl::StatusOr<tokens::Sockets> sockets = tokens::OpenSockets(config, *std::move(given));
//
// Thread safety: a free function without state.

#ifndef TOKENS_SOCKETS_H_
#define TOKENS_SOCKETS_H_

#include "absl/status/statusor.h"
#include "config.h"
#include "uds/activation.h"
#include "uds/listener.h"

namespace tokens {

struct Sockets {
  uds::Listener public_socket;
  uds::Listener admin_socket;
};

// If systemd passed any, it must be both, by the names "public" and "admin", and at the paths of the
// configuration: the units and the configuration should not disagree.
absl::StatusOr<Sockets> OpenSockets(const Config& config, uds::ActivatedSockets given);

}  // namespace tokens

#endif  // TOKENS_SOCKETS_H_
