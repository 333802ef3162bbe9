// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/peer_credentials.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "uds/unique_fd.h"

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
    if (errno == ENOPROTOOPT) return std::vector<gid_t>();  // Linux before 4.13, gVisor
    // ERANGE tells the size that is needed; it is fixed at connect, and at most NGROUPS_MAX.
    const size_t needed = bytes / sizeof(gid_t);
    if (errno != ERANGE || needed <= groups.size()) return CannotRead(fd, "groups", errno);
    groups.resize(needed);
  }
}

// The number of a pidfd's process.
std::optional<std::uint64_t> ProcessOf(const UniqueFd& pidfd) {
  constexpr auto kPidFs = 0x50494446U;  // PID_FS_MAGIC of Linux 6.9; before, all have one inode
  struct statfs system = {};
  struct stat file = {};
  if (!pidfd.valid() || fstatfs(pidfd.get(), &system) != 0 ||
      static_cast<std::uint32_t>(system.f_type) != kPidFs || fstat(pidfd.get(), &file) != 0) {
    return std::nullopt;
  }
  return file.st_ino;
}

std::optional<std::uint64_t> ReadPeerProcess(int fd) {
  constexpr int kPeerPidFd = 77;  // SO_PEERPIDFD of Linux 6.5
  int pidfd = -1;
  socklen_t bytes = sizeof(pidfd);
  if (getsockopt(fd, SOL_SOCKET, kPeerPidFd, &pidfd, &bytes) != 0) return std::nullopt;
  return ProcessOf(UniqueFd(pidfd));
}

// As outside of any user namespace. False if it cannot be told.
bool AllUidsAreMapped() {
  constexpr std::uint64_t kAll = 4294967295;
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  return map >> inside >> outside >> count && count == kAll;
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

  PeerCredentials credentials{peer.uid, peer.gid, *std::move(groups), std::nullopt, std::nullopt};
  if (peer.pid > 0) {
    credentials.pid = peer.pid;
    credentials.process = ReadPeerProcess(fd);
  }
  return credentials;
}

bool IsOurUser(const PeerCredentials& peer) {
  constexpr uid_t kOverflowUid = 65534;  // /proc/sys/kernel/overflowuid, never changed
  return peer.uid == geteuid() && (peer.uid != kOverflowUid || AllUidsAreMapped());
}

std::optional<bool> IsStillItsPid(const PeerCredentials& peer) {
  if (!peer.pid.has_value() || !peer.process.has_value()) return std::nullopt;
  const UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, *peer.pid, 0)));
  if (!pidfd.valid() && errno == ESRCH) return false;
  const std::optional<std::uint64_t> process = ProcessOf(pidfd);
  if (!process.has_value()) return std::nullopt;
  return *process == *peer.process;
}

bool KernelTellsPeerGroups() {
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return true;  // cannot ask
  const UniqueFd one(pair[0]);
  const UniqueFd other(pair[1]);
  gid_t none = 0;
  socklen_t bytes = 0;  // so that it tells how many there are, and no more
  return getsockopt(one.get(), SOL_SOCKET, SO_PEERGROUPS, &none, &bytes) == 0 ||
         errno != ENOPROTOOPT;
}

}  // namespace uds
