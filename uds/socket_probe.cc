// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/socket_probe.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "uds/bound_sockets.h"

namespace uds {
namespace {

// `if_bound` is what it is if a process has it bound.
absl::StatusOr<ProbeResult> AskTheKernel(const Directory& directory, const std::string& name,
                                         const UniqueFd& file, Liveness if_bound) {
  struct stat socket = {};
  if (fstat(file.get(), &socket) != 0) return absl::ErrnoToStatus(errno, directory.Show(name));
  absl::StatusOr<bool> bound = IsBound({socket.st_dev, socket.st_ino, name});
  if (!bound.ok()) {
    return absl::Status(
        bound.status().code(),
        absl::StrCat("cannot tell whether a server still owns ", directory.Show(name), ": ",
                     bound.status().message(), "; if none does, remove the file by hand"));
  }
  return ProbeResult{*bound ? if_bound : Liveness::kDead, std::nullopt};
}

}  // namespace

absl::StatusOr<ProbeResult> ProbeSocket(const Directory& directory, const std::string& name,
                                        const UniqueFd& file) {
  absl::StatusOr<Address> address = directory.AddressOf(name);
  if (!address.ok()) return address.status();
  UniqueFd probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");

  if (TEMP_FAILURE_RETRY(
          connect(probe.get(), address->socket_address(), address->socket_address_length())) == 0) {
    ProbeResult alive{Liveness::kAlive, std::nullopt};
    if (absl::StatusOr<PeerCredentials> server = ReadPeerCredentials(probe.get()); server.ok()) {
      alive.server = *std::move(server);
    }
    return alive;
  }
  switch (errno) {
    case EAGAIN:      // a full backlog
    case EPROTOTYPE:  // a datagram or seqpacket socket
      return ProbeResult{Liveness::kAlive, std::nullopt};
    case ECONNREFUSED:  // dead, or bound and not listening (yet, or any more)
      return AskTheKernel(directory, name, file, Liveness::kSilent);
    case EACCES:  // not for us to know by asking politely
    case EPERM:
      return AskTheKernel(directory, name, file, Liveness::kAlive);
    case ENOENT:  // went away meanwhile
      return ProbeResult{Liveness::kDead, std::nullopt};
    default:
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot probe ", directory.Show(name)));
  }
}

}  // namespace uds
