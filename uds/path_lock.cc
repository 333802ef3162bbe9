// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "uds/file_kind.h"

namespace uds {
namespace {

absl::Status CheckLockFile(const struct stat& file, const std::string& shown) {
  const std::string advice = ", so it was left alone; move it away, or choose another address";
  if (!S_ISREG(file.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat("the lock file ", shown, " is ", FileKind(file.st_mode), advice));
  }
  if (file.st_uid != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat("the lock file ", shown, " belongs to uid ",
                                                      file.st_uid, " and not to you (uid ",
                                                      geteuid(), ")", advice));
  }
  // A link to another file of ours: whoever locks that one for its own ends would lock us out.
  if (file.st_nlink > 1) {
    return absl::FailedPreconditionError(
        absl::StrCat("the lock file ", shown, " is also linked under another name", advice));
  }
  return absl::OkStatus();
}

absl::StatusOr<UniqueFd> OpenLockFile(const Directory& directory, const std::string& name) {
  const std::string shown = directory.Show(name);
  // Looked at before it is opened, since opening a device or a FIFO is an act in itself.
  struct stat file = {};
  if (fstatat(directory.fd(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0) {
    if (absl::Status status = CheckLockFile(file, shown); !status.ok()) return status;
  }
  UniqueFd fd(openat(directory.fd(), name.c_str(),
                     O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot open the lock file ", shown));
  }
  return fd;
}

}  // namespace

absl::StatusOr<PathLock> PathLock::Take(const Directory& directory) {
  const std::string name = absl::StrCat(directory.base_name(), ".lock");
  const std::string shown = directory.Show(name);
  // Somebody may delete the file between open and flock, and another server then lock a new one.
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    absl::StatusOr<UniqueFd> fd = OpenLockFile(directory, name);
    if (!fd.ok()) return fd.status();
    if (TEMP_FAILURE_RETRY(flock(fd->get(), LOCK_EX | LOCK_NB)) != 0) {
      if (errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, absl::StrCat("flock ", shown));
      return absl::AlreadyExistsError(absl::StrCat("another server holds the lock ", shown));
    }
    struct stat file = {};
    if (fstat(fd->get(), &file) != 0) return absl::ErrnoToStatus(errno, shown);
    if (absl::Status status = CheckLockFile(file, shown); !status.ok()) return status;
    if (directory.CheckIs(name, *fd).ok()) return PathLock(*std::move(fd), file.st_ino);
  }
  return absl::AbortedError(
      absl::StrCat("the lock file ", shown, " is removed again and again; find out by whom"));
}

bool PathLock::IsIn(const Directory& directory) const {
  return directory.CheckIs(absl::StrCat(directory.base_name(), ".lock"), fd_).ok();
}

}  // namespace uds
