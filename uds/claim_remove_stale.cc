// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors
//
// How a claim removes a dead server's socket.

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "uds/aside_name.h"
#include "uds/claim.h"
#include "uds/path_occupant.h"

namespace uds {
absl::Status Claim::CannotRemove(int error, const UniqueFd& stale) const {
  const std::string what = absl::StrCat("cannot replace the dead socket ", shown());
  struct stat file = {};
  if ((error != EPERM && error != EACCES) || fstat(stale.get(), &file) != 0) {
    return absl::ErrnoToStatus(error, what);
  }
  return absl::PermissionDeniedError(
      absl::StrCat(what, ": it belongs to uid ", file.st_uid, ", and you (uid ", geteuid(),
                   ") may not remove it; have it removed, or choose another address"));
}

absl::Status Claim::RemoveStale() {
  if (!stale_.valid()) return absl::OkStatus();
  const UniqueFd stale = std::move(stale_);
  const int fd = directory_.fd();
  const std::string& name = directory_.base_name();
  const bool is_alone = lock_.state() == PathLock::State::kTaken;
  const absl::StatusOr<std::string> aside = AsideName(directory_, ".old", is_alone);
  if (!aside.ok()) {
    return absl::Status(
        aside.status().code(),
        absl::StrCat("cannot replace the dead socket ", shown(), ": ", aside.status().message()));
  }
  // Gone meanwhile, or another's by now: bind(2) finds out.
  if (!directory_.CheckIs(name, stale).ok()) return absl::OkStatus();
  // Moved rather than removed, to see what it was that had to go.
  if (renameat2(fd, name.c_str(), fd, aside->c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    const bool cannot_rename = errno == EINVAL || errno == ENOSYS;  // such as NFS
    if (cannot_rename && unlinkat(fd, name.c_str(), 0) == 0) return absl::OkStatus();
    return CannotRemove(errno, stale);
  }
  if (!directory_.CheckIs(*aside, stale).ok()) {
    // Somebody took the path since it was found dead: give it back.
    if (renameat2(fd, aside->c_str(), fd, name.c_str(), RENAME_NOREPLACE) == 0) {
      return InUse(shown(), std::nullopt);
    }
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give back ", shown()));
  }
  // Should this fail, it stays there, where the next claim finds it.
  unlinkat(fd, aside->c_str(), 0);
  return absl::OkStatus();
}

}  // namespace uds
