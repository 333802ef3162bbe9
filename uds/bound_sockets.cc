// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/bound_sockets.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace uds {
namespace {

struct BoundSocket {
  absl::string_view name;                // empty, or as it was given to bind(2)
  std::optional<unix_diag_vfs> vfs_key;  // device and inode in the kernel's own numbering
};

bool HasBaseName(absl::string_view name, absl::string_view base_name) {
  return name == base_name || absl::EndsWith(name, absl::StrCat("/", base_name));
}

// Whether an absolute `name` leads to the file today.
bool LeadsTo(absl::string_view name, const SocketFile& file) {
  struct stat found = {};
  const std::string path(name);
  return lstat(path.c_str(), &found) == 0 && found.st_dev == file.device &&
         found.st_ino == file.inode;
}

bool Matches(const BoundSocket& socket, const SocketFile& file) {
  bool same_inode = false;
  if (socket.vfs_key.has_value()) {
    // The kernel hands out the lower half of the inode number, and dev_t as 12 + 20 bits.
    const uint32_t device = major(file.device) << 20 | minor(file.device);
    same_inode = socket.vfs_key->udiag_vfs_ino == static_cast<uint32_t>(file.inode);
    if (socket.vfs_key->udiag_vfs_dev == device) return same_inode;
  }
  // Another file system, or this one by another number: go by the name.
  if (!HasBaseName(socket.name, file.base_name)) return false;
  // A relative name cannot be followed from here.
  return socket.name[0] == '/' ? LeadsTo(socket.name, file) : same_inode;
}

BoundSocket Parse(const nlmsghdr* header) {
  BoundSocket socket;
  const auto* message = static_cast<const unix_diag_msg*>(NLMSG_DATA(header));
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  auto left = static_cast<unsigned>(header->nlmsg_len - NLMSG_LENGTH(sizeof(*message)));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == UNIX_DIAG_NAME) {
      const absl::string_view name(static_cast<const char*>(RTA_DATA(attribute)),
                                   RTA_PAYLOAD(attribute));
      socket.name = name.substr(0, name.find('\0'));  // abstract names begin with one
    } else if (attribute->rta_type == UNIX_DIAG_VFS &&
               RTA_PAYLOAD(attribute) >= sizeof(unix_diag_vfs)) {
      socket.vfs_key = *static_cast<const unix_diag_vfs*>(RTA_DATA(attribute));
    }
  }
  return socket;
}

absl::Status SendRequest(int netlink) {
  struct {
    nlmsghdr header;
    unix_diag_req body;
  } request = {};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = AF_UNIX;
  request.body.udiag_states = 1 << TCP_LISTEN | 1 << TCP_CLOSE;
  request.body.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS;
  if (TEMP_FAILURE_RETRY(send(netlink, &request, sizeof(request), 0)) >= 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "cannot ask netlink for Unix sockets");
}

}  // namespace

absl::StatusOr<bool> IsBoundInSockDiag(const SocketFile& file) {
  UniqueFd netlink(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!netlink.valid()) return absl::ErrnoToStatus(errno, "cannot open netlink");
  if (absl::Status status = SendRequest(netlink.get()); !status.ok()) return status;

  alignas(nlmsghdr) char buffer[32768];  // what the kernel fills at most in one go
  for (;;) {
    const ssize_t size = TEMP_FAILURE_RETRY(recv(netlink.get(), buffer, sizeof(buffer), 0));
    if (size <= 0) return absl::ErrnoToStatus(size < 0 ? errno : EIO, "cannot read from netlink");
    auto left = static_cast<unsigned>(size);
    for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return false;
      if (header->nlmsg_type == NLMSG_ERROR) {  // as when the kernel lacks unix_diag
        const int error = -static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
        return absl::ErrnoToStatus(error, "netlink lists no Unix sockets");
      }
      if (header->nlmsg_len >= NLMSG_LENGTH(sizeof(unix_diag_msg)) &&
          Matches(Parse(header), file)) {
        return true;
      }
    }
  }
}

absl::StatusOr<bool> IsBoundInProcNetUnix(const SocketFile& file) {
  // Not /proc/net, a link to the same: it is hidden where /proc has processes alone (subset=pid).
  std::ifstream list("/proc/self/net/unix");
  std::string line;
  if (!std::getline(list, line)) return absl::NotFoundError("cannot read /proc/self/net/unix");
  while (std::getline(list, line)) {
    constexpr unsigned kUnconnected = 1;  // SS_UNCONNECTED of <linux/net.h>
    unsigned state = 0;
    int name_at = 0;
    std::sscanf(line.c_str(), "%*s %*x %*x %*x %*x %x %*u %n", &state, &name_at);
    if (state != kUnconnected || name_at <= 0) continue;
    const absl::string_view name = absl::string_view(line).substr(name_at);
    if (!HasBaseName(name, file.base_name)) continue;
    if (name[0] != '/' || LeadsTo(name, file)) return true;
  }
  return false;
}

absl::StatusOr<bool> IsBound(const SocketFile& file) {
  absl::StatusOr<bool> bound = IsBoundInSockDiag(file);
  if (!bound.ok()) bound = IsBoundInProcNetUnix(file);
  if (bound.ok()) return bound;
  return absl::FailedPreconditionError(
      "cannot list this machine's Unix sockets (neither netlink nor /proc/self/net/unix works)");
}

}  // namespace uds
