// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace uds {
namespace {

constexpr mode_t kMode = 0600;  // another user who could open it could hold the lock
constexpr char kContent[] = "Lock of a Unix socket; pid ";

enum class Content { kEmpty, kOurs, kForeign };

// Where a file that is to take another's place is made.
std::string NewName(const Directory& directory) {
  return absl::StrCat(".", directory.base_name(), ".lock");
}

// What is in the file, and the pid in it.
Content Read(const UniqueFd& fd, std::optional<pid_t>* pid = nullptr) {
  std::array<char, 128> buffer;
  const ssize_t size = TEMP_FAILURE_RETRY(pread(fd.get(), buffer.data(), buffer.size(), 0));
  if (size == 0) return Content::kEmpty;
  absl::string_view text(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
  if (!absl::ConsumePrefix(&text, kContent)) return Content::kForeign;
  pid_t number = 0;
  if (pid != nullptr && absl::SimpleAtoi(text, &number) && number > 0) *pid = number;
  return Content::kOurs;
}

// For people and for holder(): without it (a full disk) the lock is as good. What is there already
// is overwritten by as many bytes: others may read it at any moment.
void Write(const UniqueFd& fd) {
  const std::string text = absl::StrFormat("%s%-10d\n", kContent, getpid());
  if (pwrite(fd.get(), text.data(), text.size(), 0) < 0) return;
}

// Whether a file may be one that Take() has made for this user. A link to another file is not: it
// may be locked for other ends.
bool MayBeOurs(const struct stat& file) {
  return S_ISREG(file.st_mode) && file.st_uid == geteuid() && file.st_nlink == 1;
}

UniqueFd Make(const Directory& directory, const std::string& name) {
  UniqueFd fd(openat(directory.fd(), name.c_str(),
                     O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, kMode));
  if (!fd.valid()) return fd;
  fchmod(fd.get(), kMode);  // whatever the umask
  Write(fd);                // before it is locked: a file that is locked and empty is another's
  return fd;
}

// Without O_CREAT, which fs.protected_regular refuses for files of others.
UniqueFd Open(const Directory& directory, const std::string& name) {
  struct stat file = {};
  // Looked at before it is opened, since opening a device or a FIFO is an act in itself.
  if (fstatat(directory.fd(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) return UniqueFd();
  errno = EPERM;
  if (!MayBeOurs(file)) return UniqueFd();
  constexpr int kFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  return UniqueFd(openat(directory.fd(), name.c_str(), kFlags));
}

// Whether the file, once opened, is one that Take() has made. An empty one was made by a process
// that ended before it could write; with another mode it is somebody's file for flock(1).
bool IsOurs(const UniqueFd& fd) {
  struct stat file = {};
  if (fstat(fd.get(), &file) != 0 || !S_ISREG(file.st_mode)) return false;
  const Content content = Read(fd);
  return content == Content::kOurs ||
         (content == Content::kEmpty && (file.st_mode & 07777) == kMode);
}

}  // namespace

PathLock PathLock::Take(const Directory& directory, absl::string_view suffix) {
  const std::string name = absl::StrCat(directory.base_name(), suffix);
  const std::string shown = directory.Show(name);
  const auto failed = [&](const char* what) {
    return PathLock(absl::ErrnoToStatus(errno, absl::StrCat(what, " the lock file ", shown)));
  };
  const auto not_ours = [&] {
    return PathLock(absl::FailedPreconditionError(
        absl::StrCat(shown, " is no lock file of this user (uid ", geteuid(),
                     "), so that two servers that start at once may both try; remove it")));
  };
  // Each attempt that fails means that another server has ended meanwhile.
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    UniqueFd fd = Make(directory, name);
    const bool is_made = fd.valid();
    if (!is_made && errno != EEXIST) return failed("cannot make");
    if (!is_made) fd = Open(directory, name);
    if (!fd.valid() && errno == ENOENT) continue;
    if (!fd.valid() && errno != EPERM) return failed("cannot open");
    if (!fd.valid() || (!is_made && !IsOurs(fd))) return not_ours();

    if (TEMP_FAILURE_RETRY(flock(fd.get(), LOCK_EX | LOCK_NB)) == 0) {
      if (!directory.CheckIs(name, fd).ok()) continue;
      Write(fd);
      return PathLock(State::kTaken, name, std::move(fd), std::nullopt);
    }
    if (errno != EWOULDBLOCK) {  // a file system without locks
      PathLock none = failed("cannot lock");
      if (is_made) unlinkat(directory.fd(), name.c_str(), 0);
      return none;
    }
    std::optional<pid_t> holder;
    if (Read(fd, &holder) != Content::kOurs) return not_ours();
    return PathLock(State::kHeld, name, UniqueFd(), holder);
  }
  return PathLock(
      absl::AbortedError(absl::StrCat("the lock file ", shown, " is removed again and again")));
}

absl::StatusOr<PathLock> PathLock::TakeFromHolder(const Directory& directory) {
  const std::string name = absl::StrCat(directory.base_name(), ".lock");
  const std::string new_name = NewName(directory);
  const auto failed = [&](const std::string& file) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot take over the lock file ", directory.Show(file)));
  };
  unlinkat(directory.fd(), new_name.c_str(), 0);  // one that was killed in the middle has left it
  UniqueFd fd = Make(directory, new_name);
  if (!fd.valid()) return failed(new_name);
  PathLock lock(State::kTaken, name, std::move(fd), std::nullopt);
  const int in = directory.fd();
  if (flock(lock.fd_.get(), LOCK_EX | LOCK_NB) == 0 &&
      renameat2(in, new_name.c_str(), in, name.c_str(), RENAME_EXCHANGE) == 0) {
    return lock;
  }
  absl::Status status = failed(name);
  unlinkat(in, new_name.c_str(), 0);
  return status;
}

void PathLock::Keep(const Directory& directory) {
  unlinkat(directory.fd(), NewName(directory).c_str(), 0);
}

void PathLock::GiveBack(const Directory& directory) {
  const std::string new_name = NewName(directory);
  const int in = directory.fd();
  // Should the holder have ended meanwhile, its file is without a lock, and so is the path.
  renameat2(in, new_name.c_str(), in, name_.c_str(), RENAME_EXCHANGE);
  unlinkat(in, new_name.c_str(), 0);
  fd_.reset();
}

std::optional<pid_t> PathLock::TakenBy(const Directory& directory) const {
  if (state_ != State::kTaken || IsIn(directory)) return std::nullopt;
  const UniqueFd other = Open(directory, name_);
  std::optional<pid_t> pid;
  if (!other.valid() || Read(other, &pid) != Content::kOurs) return std::nullopt;
  return pid.value_or(0);
}

void PathLock::Release(const Directory& directory) {
  if (state_ != State::kTaken || !fd_.valid()) return;
  if (directory.CheckIs(name_, fd_).ok()) unlinkat(directory.fd(), name_.c_str(), 0);
  fd_.reset();
}

bool PathLock::IsIn(const Directory& directory) const { return directory.CheckIs(name_, fd_).ok(); }

}  // namespace uds
