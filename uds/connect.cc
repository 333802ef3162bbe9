// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/connect.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "uds/file_kind.h"

namespace uds {
namespace {

absl::Status Denied(const Address& address, const struct stat* file) {
  const std::string you = absl::StrCat("; you are uid ", geteuid());
  if (file == nullptr) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot connect to ", address.ToString(),
                     ": permission denied: a directory on the way may not be searched", you));
  }
  return absl::PermissionDeniedError(absl::StrFormat(
      "cannot connect to %s: permission denied: the socket is %04o and owned by uid %d%s",
      address.ToString(), file->st_mode & 07777, file->st_uid, you));
}

// Looks at the file, since connect(2) says ECONNREFUSED or EACCES of files that are no sockets too.
absl::Status Explain(const Address& address, int error) {
  const std::string prefix = absl::StrCat("cannot connect to ", address.ToString(), ": ");
  struct stat file = {};
  const bool seen = !address.is_abstract() && stat(address.name().c_str(), &file) == 0;
  if (seen && !S_ISSOCK(file.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(prefix, "it is ", FileKind(file.st_mode), ", not a socket"));
  }
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(
          absl::StrCat(prefix, "no such file: is the server running, and with the same path?"));
    case ECONNREFUSED:
      return absl::UnavailableError(
          absl::StrCat(prefix, "connection refused: nobody listens there; start the server"));
    case EACCES:
    case EPERM:
      return Denied(address, seen ? &file : nullptr);
    case EPROTOTYPE:
      return absl::FailedPreconditionError(
          absl::StrCat(prefix, "it is a socket, but not a stream socket"));
    default:
      return absl::ErrnoToStatus(error, absl::StrCat("cannot connect to ", address.ToString()));
  }
}

// A full backlog makes connect(2) wait as long as the socket's send timeout, where 0 means forever.
absl::Status SetSendTimeout(int fd, absl::Duration timeout) {
  const timeval value = timeout == absl::InfiniteDuration()
                            ? timeval{}
                            : absl::ToTimeval(std::max(timeout, absl::Microseconds(1)));
  if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof(value)) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, "cannot set the timeout of a socket");
}

// By the monotonic clock: the wall clock may be set meanwhile.
absl::Duration SinceBoot() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return absl::DurationFromTimespec(now);
}

}  // namespace

absl::StatusOr<UniqueFd> Connect(const Address& address, absl::Duration timeout) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make a socket");

  const absl::Duration deadline = SinceBoot() + timeout;
  int error = EINTR;
  while (error == EINTR) {
    absl::Status status = SetSendTimeout(fd.get(), deadline - SinceBoot());
    if (!status.ok()) return status;
    const int result = connect(fd.get(), address.socket_address(), address.socket_address_length());
    error = result == 0 ? 0 : errno;
  }
  if (error == EAGAIN) {
    return absl::DeadlineExceededError(absl::StrCat(
        "cannot connect to ", address.ToString(), ": the server took no connection in ",
        absl::FormatDuration(timeout), " (its backlog is full); try again later"));
  }
  if (error != 0) return Explain(address, error);

  if (fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a socket non-blocking");
  }
  return fd;
}

}  // namespace uds
