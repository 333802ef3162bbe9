// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/peer_credentials.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace uds {
namespace {

absl::Status CannotRead(int fd, absl::string_view what, int error) {
  return absl::ErrnoToStatus(error,
                             absl::StrCat("cannot read the peer's ", what, " of descriptor ", fd));
}

absl::StatusOr<std::vector<gid_t>> ReadPeerGroups(int fd) {
  std::vector<gid_t> groups(32);
  for (;;) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      return groups;
    }
    // ERANGE tells the size that is needed; it is fixed at connect, and at most NGROUPS_MAX.
    const size_t needed = bytes / sizeof(gid_t);
    if (errno != ERANGE || needed <= groups.size()) return CannotRead(fd, "groups", errno);
    groups.resize(needed);
  }
}

}  // namespace

absl::StatusOr<PeerCredentials> ReadPeerCredentials(int fd) {
  ucred peer = {};
  socklen_t bytes = sizeof(peer);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) {
    return CannotRead(fd, "credentials", errno);
  }
  // What the kernel says of a socket without a peer, and of one that is no Unix socket.
  if (peer.uid == static_cast<uid_t>(-1)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "descriptor ", fd, " has no peer credentials: it is no connected Unix socket"));
  }
  absl::StatusOr<std::vector<gid_t>> groups = ReadPeerGroups(fd);
  if (!groups.ok()) return groups.status();

  PeerCredentials credentials{peer.uid, peer.gid, *std::move(groups), std::nullopt};
  if (peer.pid > 0) credentials.pid = peer.pid;
  return credentials;
}

}  // namespace uds
