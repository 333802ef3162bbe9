// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/activation.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace uds {
namespace {

absl::Status Refuse(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("socket activation: ", why));
}

// As sd_listen_fds(3): what is not for this process, or is no number, is not there. A parent leaves
// such variables behind.
bool IsMeantForUs() {
  const char* const text = std::getenv("LISTEN_PID");
  pid_t pid = 0;
  return text != nullptr && absl::SimpleAtoi(text, &pid) && pid == getpid();
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

absl::StatusOr<ActivatedSocket> Take(UniqueFd fd) {
  if (sd_is_socket_unix(fd.get(), SOCK_STREAM, /*listening=*/1, nullptr, 0) <= 0) {
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
  return ActivatedSocket{std::move(fd), *std::move(address)};
}

}  // namespace

absl::StatusOr<std::optional<ActivatedSocket>> TakeActivatedSocket() {
  const char* const variable = std::getenv("LISTEN_FDS");
  const absl::string_view handed_in = variable == nullptr ? "" : variable;
  if (handed_in.empty() || handed_in == "0" || !IsMeantForUs()) return std::nullopt;
  const std::string handed_in_text(handed_in);  // which goes with the variable
  const int count = sd_listen_fds(/*unset_environment=*/1);
  if (count < 0) {
    return absl::ErrnoToStatus(
        -count, absl::StrCat("socket activation: LISTEN_FDS=", Printable(handed_in_text),
                             " is no number of open descriptors; unset it, or mend what sets it"));
  }
  if (count == 0) return std::nullopt;
  if (count > 1) {
    return Refuse(absl::StrCat("there are ", count,
                               " sockets, and one is served; leave one ListenStream= in the unit"));
  }
  absl::StatusOr<ActivatedSocket> socket = Take(UniqueFd(SD_LISTEN_FDS_START));
  if (!socket.ok()) return socket.status();
  return std::optional<ActivatedSocket>(*std::move(socket));
}

absl::Status CheckSameAddress(const Address& given, const Address& wanted) {
  if (given.is_abstract() == wanted.is_abstract()) {
    if (given.name() == wanted.name()) return absl::OkStatus();
    struct stat a = {};
    struct stat b = {};
    if (!given.is_abstract() && stat(given.name().c_str(), &a) == 0 &&
        stat(wanted.name().c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino) {
      return absl::OkStatus();
    }
  }
  return Refuse(absl::StrCat("the socket that was handed over is ", given.ToString(),
                             ", and not the address that was asked for, ", wanted.ToString(),
                             "; make them the same, or leave the address out"));
}

}  // namespace uds
