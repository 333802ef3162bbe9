// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/takeover.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace uds {
namespace {

constexpr char kSuffix[] = ".takeover";

// So that Directory::AddressOf() has room for it.
constexpr size_t kLongestName = 60;

std::string NewName(const Directory& directory) {
  return absl::StrCat(".", absl::string_view(directory.base_name()).substr(0, kLongestName),
                      ".new");
}

std::string Describe(const std::optional<PathHolder>& holder) {
  if (!holder.has_value()) return "another server";
  std::string text = absl::StrCat("a server of uid ", holder->uid);
  if (holder->pid.has_value()) absl::StrAppend(&text, " with pid ", *holder->pid);
  return text;
}

absl::Status CheckMayDisplace(const std::string& path, const Occupant& occupant,
                              const PathLock& lock) {
  const std::string who = Describe(occupant.holder);
  if (occupant.holder.has_value() && occupant.holder->uid != geteuid()) {
    return absl::PermissionDeniedError(
        absl::StrCat("cannot take over ", path, ": it is served by ", who,
                     ", and only that user can take it over; run this server as that user, or stop "
                     "that one"));
  }
  if (lock.state() == PathLock::State::kHeld) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("cannot take over ", path, ": it is served by ", who,
                   ", which has no lock beside it and would not notice; stop that one first. If it "
                   "is a service manager's socket, restart its service: no call is lost"));
}

// Removes what a takeover that was killed has left. Nobody else is in the middle of one.
absl::Status ClearTheWay(const Directory& directory, const std::string& name) {
  absl::StatusOr<Occupant> left = LookAt(directory, name, /*is_held=*/false);
  if (!left.ok()) return left.status();
  if (!left->socket.valid()) return absl::OkStatus();
  if (left->liveness == Liveness::kDead && unlinkat(directory.fd(), name.c_str(), 0) == 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot take over: the socket ", directory.Show(name), " is in the way; remove it"));
}

}  // namespace

absl::StatusOr<Takeover> Takeover::Begin(const Directory& directory, Occupant occupant,
                                         const PathLock& lock) {
  const std::string path = directory.Show(directory.base_name());
  if (absl::Status status = CheckMayDisplace(path, occupant, lock); !status.ok()) return status;
  PathLock only_one = PathLock::Take(directory, kSuffix);
  switch (only_one.state()) {
    case PathLock::State::kTaken:
      break;
    case PathLock::State::kNone:
      return absl::FailedPreconditionError(
          absl::StrCat("cannot take over ", path, ": ", only_one.why_none().message()));
    case PathLock::State::kHeld:
      return absl::AlreadyExistsError(absl::StrCat(
          "cannot take over ", path, ": another server",
          only_one.holder().has_value() ? absl::StrCat(" with pid ", *only_one.holder()) : "",
          " is just doing so; leave it to that one, or try again once it serves"));
  }
  Takeover takeover(std::move(only_one), std::move(occupant.socket), NewName(directory));
  absl::Status clear = directory.CheckIs(directory.base_name(), takeover.theirs_);
  if (!clear.ok()) clear = absl::AbortedError(clear.message());
  if (clear.ok()) clear = ClearTheWay(directory, takeover.name_);
  if (clear.ok()) return takeover;
  takeover.Release(directory);
  return clear;
}

absl::Status Takeover::Complete(const Directory& directory, PathLock* lock) {
  absl::StatusOr<PathLock> taken = PathLock::TakeFromHolder(directory);
  if (!taken.ok()) return taken.status();
  if (absl::Status status = Exchange(directory); !status.ok()) {
    taken->GiveBack(directory);
    return status;
  }
  taken->Keep(directory);
  *lock = *std::move(taken);
  Release(directory);
  return absl::OkStatus();
}

absl::Status Takeover::Exchange(const Directory& directory) const {
  const int fd = directory.fd();
  const std::string& path = directory.base_name();
  const std::string failed = absl::StrCat("cannot take over ", directory.Show(path));
  const absl::Status in_use = InUse(directory.Show(path), std::nullopt);
  if (renameat2(fd, name_.c_str(), fd, path.c_str(), RENAME_EXCHANGE) == 0) {
    if (directory.CheckIs(name_, theirs_).ok()) {
      unlinkat(fd, name_.c_str(), 0);
      return absl::OkStatus();
    }
    // Somebody else took the path meanwhile: it is given back.
    if (renameat2(fd, name_.c_str(), fd, path.c_str(), RENAME_EXCHANGE) == 0) return in_use;
    return absl::ErrnoToStatus(errno, failed);
  }
  if (errno == ENOENT) return in_use;  // the path is gone
  if (errno != EINVAL && errno != ENOSYS) return absl::ErrnoToStatus(errno, failed);
  // A file system that cannot exchange, such as NFS.
  if (!directory.CheckIs(path, theirs_).ok()) return in_use;
  if (renameat(fd, name_.c_str(), fd, path.c_str()) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, failed);
}

}  // namespace uds
