// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/takeover.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "uds/aside_name.h"

namespace uds {
namespace {

// For a server that is between giving its path back and its lock.
constexpr absl::Duration kPause = absl::Milliseconds(5);
constexpr int kAttempts = 100;

std::string Describe(const std::optional<PathHolder>& holder) {
  if (!holder.has_value()) return "another server";
  std::string text = absl::StrCat("a server of uid ", holder->uid);
  if (holder->pid.has_value()) absl::StrAppend(&text, " with pid ", *holder->pid);
  return text;
}

std::string Failed(const Directory& directory) {
  return absl::StrCat("cannot take over ", directory.Show(directory.base_name()));
}

absl::Status FailedBecause(const Directory& directory, int error) {
  if (error == EINVAL || error == ENOSYS) {
    return absl::UnimplementedError(
        absl::StrCat(Failed(directory),
                     ": its file system cannot exchange two names (renameat2); stop the server "
                     "that is there first"));
  }
  return absl::ErrnoToStatus(error, Failed(directory));
}

absl::Status CheckMayDisplace(const Directory& directory, const Occupant& occupant,
                              PathLock* lock) {
  const std::string served =
      absl::StrCat(Failed(directory), ": it is served by ", Describe(occupant.holder));
  if (occupant.holder.has_value() && occupant.holder->uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat(served,
                     ", and only that user can take it over; run this server as that user, "
                     "or stop that one"));
  }
  const bool is_held = lock->state() == PathLock::State::kHeld;
  // First, as a lock that changes hands names the socket that is not in place yet.
  if (is_held && !lock->BeAloneWithHolder()) {
    return absl::AlreadyExistsError(
        absl::StrCat(served,
                     ", and another server is just taking it over; leave it to that one, or "
                     "try again once it serves"));
  }
  if (!is_held || !lock->Guards(occupant.socket)) {
    return absl::FailedPreconditionError(
        absl::StrCat(served,
                     ", which has no lock beside it and would not notice; stop that one "
                     "first. If it is a service manager's socket, restart its service: no "
                     "call is lost"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Takeover> Takeover::Begin(const Directory& directory, Occupant occupant,
                                         PathLock lock) {
  if (absl::Status status = CheckMayDisplace(directory, occupant, &lock); !status.ok()) {
    return status;
  }
  absl::StatusOr<std::string> name = AsideName(directory, ".new", /*is_alone=*/true);
  if (!name.ok()) {
    return absl::Status(name.status().code(),
                        absl::StrCat(Failed(directory), ": ", name.status().message()));
  }
  return Takeover(std::move(lock), std::move(occupant.socket), *std::move(name));
}

absl::Status Takeover::Complete(const Directory& directory, const UniqueFd& ours, PathLock* lock) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    absl::StatusOr<PathLock> displaced = Displace(directory, ours);
    if (displaced.ok()) {
      *lock = *std::move(displaced);
      return absl::OkStatus();
    }
    if (!absl::IsNotFound(displaced.status())) return displaced.status();
    // The other server has ended, or is about to.
    PathLock taken = PathLock::Take(directory);
    if (taken.state() == PathLock::State::kTaken) {
      if (absl::Status status = TakeWhatIsLeft(directory); !status.ok()) {
        taken.Release(directory);
        return status;
      }
      taken.Record(ours);
      *lock = std::move(taken);
      return absl::OkStatus();
    }
    absl::SleepFor(kPause);
  }
  return InUse(directory.Show(directory.base_name()), std::nullopt);
}

absl::StatusOr<PathLock> Takeover::Displace(const Directory& directory,
                                            const UniqueFd& ours) const {
  const std::string aside = RandomAsideName(".lock");
  absl::StatusOr<PathLock> displaced = lock_.Displace(directory, aside, ours);
  if (absl::IsInvalidArgument(displaced.status()) || absl::IsUnimplemented(displaced.status())) {
    return FailedBecause(directory, EINVAL);
  }
  if (!displaced.ok()) {
    return absl::Status(displaced.status().code(),
                        absl::StrCat(Failed(directory), ": ", displaced.status().message()));
  }
  absl::Status status = ExchangeSockets(directory);
  if (!status.ok()) lock_.PutBack(directory, aside);
  unlinkat(directory.fd(), aside.c_str(), 0);
  if (!status.ok()) return status;
  displaced->Record(ours);
  return displaced;
}

// NOT_FOUND: it is not there any more.
absl::Status Takeover::ExchangeSockets(const Directory& directory) const {
  const int fd = directory.fd();
  const std::string& path = directory.base_name();
  if (renameat2(fd, name_.c_str(), fd, path.c_str(), RENAME_EXCHANGE) != 0) {
    return errno == ENOENT ? absl::NotFoundError("it has ended") : FailedBecause(directory, errno);
  }
  if (directory.CheckIs(name_, socket_).ok()) {
    unlinkat(fd, name_.c_str(), 0);
    return absl::OkStatus();
  }
  // Somebody else took the path meanwhile: it is given back.
  if (renameat2(fd, name_.c_str(), fd, path.c_str(), RENAME_EXCHANGE) != 0) {
    return FailedBecause(directory, errno);
  }
  return InUse(directory.Show(path), std::nullopt);
}

// Under the lock.
absl::Status Takeover::TakeWhatIsLeft(const Directory& directory) const {
  const int fd = directory.fd();
  const std::string& path = directory.base_name();
  if (renameat2(fd, name_.c_str(), fd, path.c_str(), RENAME_NOREPLACE) == 0) {
    return absl::OkStatus();
  }
  if (errno != EEXIST) return FailedBecause(directory, errno);
  // The dead socket of a server that was killed, or another server's.
  return ExchangeSockets(directory);
}

}  // namespace uds
