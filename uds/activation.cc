// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "uds/listen_fds.h"
#include "uds/printable.h"

namespace uds {
namespace {

absl::Status Refuse(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("socket activation: ", why));
}

// -1 if there is no such option, as with what is no socket.
int SocketOption(int fd, int option) {
  int value = -1;
  socklen_t length = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 ? value : -1;
}

absl::StatusOr<Address> AddressOfSocket(int fd) {
  sockaddr_un bound = {};
  socklen_t length = sizeof(bound);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) {
    return absl::ErrnoToStatus(errno, "socket activation: the socket's address cannot be read");
  }
  const size_t size = length - offsetof(sockaddr_un, sun_path);
  if (size == 0 || size > sizeof(bound.sun_path)) {
    return Refuse("the socket has no address; give it one with ListenStream=");
  }
  if (bound.sun_path[0] == '\0') {
    return Address::Parse(
        absl::StrCat("unix-abstract:", absl::string_view(bound.sun_path + 1, size - 1)));
  }
  const absl::string_view path(bound.sun_path, strnlen(bound.sun_path, size));
  return Address::Parse(absl::StrCat(path[0] == '/' ? "unix://" : "unix:", path));
}

absl::StatusOr<ActivatedSocket> Check(UniqueFd fd, absl::string_view name) {
  if (SocketOption(fd.get(), SO_DOMAIN) != AF_UNIX ||
      SocketOption(fd.get(), SO_TYPE) != SOCK_STREAM ||
      SocketOption(fd.get(), SO_ACCEPTCONN) != 1) {
    return Refuse(
        "what was handed over is no listening Unix stream socket; give the unit one, with "
        "ListenStream= and a path, and without Accept=yes");
  }
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "socket activation: the socket cannot be made non-blocking");
  }
  absl::StatusOr<Address> address = AddressOfSocket(fd.get());
  if (!address.ok()) return address.status();
  return ActivatedSocket{std::move(fd), *std::move(address), std::string(name)};
}

absl::StatusOr<std::vector<std::string>> Names(const ListenFds& given) {
  if (!given.names.has_value()) return std::vector<std::string>(given.fds.size(), "unknown");
  std::vector<std::string> names = absl::StrSplit(*given.names, ':');
  if (names.size() == given.fds.size()) return names;
  return Refuse(absl::StrCat("there are ", given.fds.size(),
                             " sockets, and LISTEN_FDNAMES=", Printable(*given.names), " has ",
                             names.size(), " names; fix what sets it"));
}

bool IsSame(const Address& a, const Address& b) {
  if (a.is_abstract() != b.is_abstract()) return false;
  if (a.name() == b.name()) return true;
  struct stat file_a = {};
  struct stat file_b = {};
  return !a.is_abstract() && stat(a.name().c_str(), &file_a) == 0 &&
         stat(b.name().c_str(), &file_b) == 0 && file_a.st_dev == file_b.st_dev &&
         file_a.st_ino == file_b.st_ino;
}

template <typename Condition>
std::optional<ActivatedSocket> TakeIf(std::vector<ActivatedSocket>& sockets, Condition condition) {
  const auto found = std::find_if(sockets.begin(), sockets.end(), condition);
  if (found == sockets.end()) return std::nullopt;
  std::optional<ActivatedSocket> taken(std::move(*found));
  sockets.erase(found);
  return taken;
}

}  // namespace

absl::StatusOr<ActivatedSockets> ActivatedSockets::Take() {
  absl::StatusOr<ListenFds> given = TakeListenFds();
  if (!given.ok()) return given.status();
  const absl::StatusOr<std::vector<std::string>> names = Names(*given);
  if (!names.ok()) return names.status();
  std::vector<ActivatedSocket> sockets;
  for (std::size_t i = 0; i < given->fds.size(); ++i) {
    absl::StatusOr<ActivatedSocket> socket = Check(std::move(given->fds[i]), (*names)[i]);
    if (!socket.ok()) return socket.status();
    sockets.push_back(*std::move(socket));
  }
  return ActivatedSockets(std::move(sockets));
}

std::optional<ActivatedSocket> ActivatedSockets::TakeNamed(absl::string_view name) {
  return TakeIf(sockets_, [&](const ActivatedSocket& socket) { return socket.name == name; });
}

std::optional<ActivatedSocket> ActivatedSockets::TakeAt(const Address& address) {
  return TakeIf(sockets_,
                [&](const ActivatedSocket& socket) { return IsSame(socket.address, address); });
}

absl::Status ActivatedSockets::CheckNoneIsLeft() const {
  if (empty()) return absl::OkStatus();
  const auto describe = [](std::string* out, const ActivatedSocket& socket) {
    absl::StrAppend(out, "'", Printable(socket.name), "' at ", socket.address.ToString());
  };
  return Refuse(absl::StrCat(
      "this program does not serve ", absl::StrJoin(sockets_, ", ", describe),
      "; take the socket out of the unit, or give it the FileDescriptorName= that is expected"));
}

absl::StatusOr<std::optional<ActivatedSocket>> TakeActivatedSocket() {
  absl::StatusOr<ListenFds> given = TakeListenFds();
  if (!given.ok()) return given.status();
  if (given->fds.empty()) return std::nullopt;
  if (given->fds.size() > 1) {
    return Refuse(absl::StrCat("there are ", given->fds.size(),
                               " sockets, and one is served; leave one ListenStream= in the unit"));
  }
  absl::StatusOr<ActivatedSocket> socket =
      Check(std::move(given->fds.front()), given->names.value_or("unknown"));
  if (!socket.ok()) return socket.status();
  return std::optional<ActivatedSocket>(*std::move(socket));
}

absl::Status CheckSameAddress(const Address& given, const Address& wanted) {
  if (IsSame(given, wanted)) return absl::OkStatus();
  return Refuse(absl::StrCat("the socket that was handed over is ", given.ToString(),
                             ", and not the address that was asked for, ", wanted.ToString(),
                             "; make them the same, or leave the address out"));
}

}  // namespace uds
