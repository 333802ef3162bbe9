// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors
//
// How a claim removes a dead server's socket.

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "uds/claim.h"
#include "uds/path_occupant.h"

namespace uds {
namespace {

std::string NameOfThisClaim() {
  uint32_t random = 0;
  if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0) random = getpid();
  return absl::StrCat(".", absl::Hex(random, absl::kZeroPad8), ".old");
}

}  // namespace

// Where a dead socket is put before it is removed: the same for every claim of the path, and so,
// under the lock, for one process at a time. What a killed one left there is found by the next. What
// is no dead socket, or is another user's, is left alone: it must not keep us out.
absl::StatusOr<std::string> Claim::AsideName() const {
  const bool is_locked = lock_.state() == PathLock::State::kTaken;
  constexpr size_t kLongest = 60;  // so that AddressOf() has room for it
  const absl::string_view base = absl::string_view(directory_.base_name()).substr(0, kLongest);
  std::string aside;
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool is_shared = is_locked && attempt == 0;
    aside = is_shared ? absl::StrCat(".", base, ".old") : NameOfThisClaim();
    absl::StatusOr<Occupant> occupant = LookAt(directory_, aside, /*is_held=*/false);
    if (absl::IsFailedPrecondition(occupant.status())) continue;
    if (!occupant.ok()) return occupant.status();
    if (!occupant->socket.valid()) return aside;
    // Without the lock another claim may just be about to give it back.
    if (!is_shared || occupant->liveness != Liveness::kDead) continue;
    if (unlinkat(directory_.fd(), aside.c_str(), 0) == 0) return aside;
  }
  return absl::AlreadyExistsError(absl::StrCat("cannot replace the dead socket ", shown(),
                                               ": files such as ", directory_.Show(aside),
                                               " are in the way; remove them"));
}

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
  const absl::StatusOr<std::string> aside = AsideName();
  if (!aside.ok()) return aside.status();
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
