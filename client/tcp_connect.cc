// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/tcp_connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/monotonic.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

// poll(2) counts in int; whoever waits longer than this looks again.
constexpr absl::Duration kLongestPoll = absl::Hours(1);

// 0, or an errno; ETIMEDOUT at the deadline.
int AwaitConnection(int fd, MonotonicTime deadline) {
  while (true) {
    const absl::Duration left = std::min(deadline - MonotonicNow(), kLongestPoll);
    pollfd connected = {fd, POLLOUT, 0};
    const int milliseconds = std::max(0, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    // At least once: on this machine the answer is there at once, also for whoever does not wait.
    if (TEMP_FAILURE_RETRY(poll(&connected, 1, milliseconds)) > 0) break;
    if (left <= absl::ZeroDuration()) return ETIMEDOUT;
  }
  int error = 0;
  socklen_t length = sizeof(error);
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

int ConnectOne(const addrinfo& address, MonotonicTime deadline, uds::UniqueFd* fd) {
  fd->reset(socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd->valid()) return errno;
  const int on = 1;
  // What it is for is speed; without it all still works.
  static_cast<void>(setsockopt(fd->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
  if (connect(fd->get(), address.ai_addr, address.ai_addrlen) == 0) return 0;
  return errno == EINPROGRESS ? AwaitConnection(fd->get(), deadline) : errno;
}

}  // namespace

absl::StatusOr<uds::UniqueFd> TcpConnect(const std::string& host, const std::string& port,
                                         absl::Duration timeout) {
  const std::string what =
      absl::StrCat("cannot connect to ", uds::Printable(host), ":", uds::Printable(port), ": ");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const MonotonicTime deadline = MonotonicNow() + timeout;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return absl::NotFoundError(
        absl::StrCat(what, gai_strerror(error), "; is the host's name right?"));
  }
  const Addresses addresses(found, &freeaddrinfo);

  int error = 0;
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    uds::UniqueFd fd;
    error = ConnectOne(*address, deadline, &fd);
    if (error == 0) return fd;
  }
  if (error == ETIMEDOUT) {
    return absl::DeadlineExceededError(
        absl::StrCat(what, "no answer in ", absl::FormatDuration(timeout), "; see --timeout"));
  }
  return absl::UnavailableError(
      absl::StrCat(what, std::strerror(error), "; is the server running, and on that port?"));
}

}  // namespace udsecho::client
