// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "sockets.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "uds/address.h"

namespace tokens {
namespace {

// All users may connect to the public one; the rules say who gets something.
constexpr mode_t kPublicMode = 0666;
constexpr mode_t kAdminMode = 0600;

absl::StatusOr<uds::Listener> Open(const std::string& path, mode_t mode,
                                   std::optional<uds::ActivatedSocket> given) {
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(path);
  if (!address.ok()) return address.status();
  if (!given.has_value()) return uds::Listener::Open(*address, {.mode = mode});
  if (absl::Status same = uds::CheckSameAddress(given->address, *address); !same.ok()) return same;
  return uds::Listener::Of(std::move(given->fd), *address);
}

}  // namespace

absl::StatusOr<Sockets> OpenSockets(const Config& config, uds::ActivatedSockets given) {
  const bool is_activated = !given.empty();
  std::optional<uds::ActivatedSocket> for_all = given.TakeNamed("public");
  std::optional<uds::ActivatedSocket> for_admins = given.TakeNamed("admin");
  if (absl::Status left = given.CheckNoneIsLeft(); !left.ok()) return left;
  if (is_activated && (!for_all.has_value() || !for_admins.has_value())) {
    return absl::FailedPreconditionError(
        "systemd passed only one of the sockets \"public\" and \"admin\"; enable both "
        "tokens.socket and tokens-admin.socket");
  }
  absl::StatusOr<uds::Listener> public_socket =
      Open(config.public_socket, kPublicMode, std::move(for_all));
  if (!public_socket.ok()) return public_socket.status();
  absl::StatusOr<uds::Listener> admin_socket =
      Open(config.admin_socket, kAdminMode, std::move(for_admins));
  if (!admin_socket.ok()) return admin_socket.status();
  return Sockets{*std::move(public_socket), *std::move(admin_socket)};
}

}  // namespace tokens
