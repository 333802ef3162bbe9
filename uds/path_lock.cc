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
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace uds {
namespace {

constexpr mode_t kMode = 0600;  // another user who could open it could hold the lock
constexpr char kContent[] = "Lock of a Unix socket; pid ";

enum class Content { kEmpty, kOurs, kForeign };

std::string LockName(const Directory& directory) {
  return absl::StrCat(directory.base_name(), ".lock");
}

// As it stands in the file: device and inode.
std::string IdentityOf(const UniqueFd& socket) {
  struct stat file = {};
  if (!socket.valid() || fstat(socket.get(), &file) != 0) return "none";
  return absl::StrFormat("%x:%x", file.st_dev, file.st_ino);
}

struct Text {
  std::optional<pid_t> pid;
  std::string socket;  // IdentityOf() it
};

// What is in the file, and what it says.
Content Read(const UniqueFd& fd, Text* said = nullptr) {
  std::array<char, 128> buffer;
  const ssize_t size = TEMP_FAILURE_RETRY(pread(fd.get(), buffer.data(), buffer.size(), 0));
  if (size == 0) return Content::kEmpty;
  absl::string_view text(buffer.data(), size > 0 ? static_cast<size_t>(size) : 0);
  if (!absl::ConsumePrefix(&text, kContent)) return Content::kForeign;
  if (said == nullptr) return Content::kOurs;
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  pid_t number = 0;
  if (absl::SimpleAtoi(lines[0], &number) && number > 0) said->pid = number;
  if (lines.size() > 1) said->socket = std::string(absl::StripAsciiWhitespace(lines[1]));
  return Content::kOurs;
}

// For people, for holder() and for Guards(). What is there already is overwritten by as many bytes: others may
// read it at any moment. False, with errno: not all of it is there, as on a full disk.
bool Write(const UniqueFd& fd, const UniqueFd& socket) {
  const std::string text =
      absl::StrFormat("%s%-10d\n%-34s\n", kContent, getpid(), IdentityOf(socket));
  errno = ENOSPC;  // where a part was written
  return pwrite(fd.get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

// Only the process that has this lock may take the path from the file's holder. It is another kind of lock,
// which flock(2) does not see. The file is this user's alone, so nobody else can stand in the way.
bool SetAlone(const UniqueFd& fd, short type) {
  struct flock whole = {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  return fcntl(fd.get(), F_OFD_SETLK, &whole) == 0;
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
  // Before it is locked: a file that is locked and empty is another's.
  static_cast<void>(Write(fd, {}));
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

PathLock PathLock::Take(const Directory& directory) {
  const std::string name = LockName(directory);
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
      static_cast<void>(Write(fd, {}));  // without it, the lock is as good
      return PathLock(State::kTaken, std::move(fd), std::nullopt);
    }
    if (errno != EWOULDBLOCK) {  // a file system without locks
      PathLock none = failed("cannot lock");
      if (is_made) unlinkat(directory.fd(), name.c_str(), 0);
      return none;
    }
    Text said;
    if (Read(fd, &said) != Content::kOurs) return not_ours();
    return PathLock(State::kHeld, std::move(fd), said.pid);
  }
  return PathLock(
      absl::AbortedError(absl::StrCat("the lock file ", shown, " is removed again and again")));
}

void PathLock::Record(const UniqueFd& socket) {
  if (state_ != State::kTaken || !fd_.valid()) return;
  // Without it, this server can be waited for, and not be taken over.
  static_cast<void>(Write(fd_, socket));
  // Where this is the end of a takeover, the next may begin: see Displace().
  static_cast<void>(SetAlone(fd_, F_UNLCK));
}

bool PathLock::Guards(const UniqueFd& socket) const {
  Text said;
  return state_ == State::kHeld && socket.valid() && Read(fd_, &said) == Content::kOurs &&
         said.socket == IdentityOf(socket);
}

bool PathLock::BeAloneWithHolder() const { return SetAlone(fd_, F_WRLCK); }

absl::StatusOr<PathLock> PathLock::Displace(const Directory& directory, const std::string& aside,
                                            const UniqueFd& socket) const {
  const std::string name = LockName(directory);
  const int in = directory.fd();
  const auto ended = [] { return absl::NotFoundError("the holder has ended"); };
  if (!directory.CheckIs(name, fd_).ok()) return ended();
  UniqueFd fd = Make(directory, aside);
  if (!fd.valid()) return absl::ErrnoToStatus(errno, directory.Show(aside));
  // What is not written could not be known by its holder for a successor's. And nobody takes over from this
  // one before Record(): what it has displaced still lies about, under the names that the next would use.
  if (!Write(fd, socket) || !SetAlone(fd, F_WRLCK) || flock(fd.get(), LOCK_EX | LOCK_NB) != 0 ||
      renameat2(in, aside.c_str(), in, name.c_str(), RENAME_EXCHANGE) != 0) {
    const int error = errno;
    unlinkat(in, aside.c_str(), 0);
    errno = error;
    return error == ENOENT ? ended() : absl::ErrnoToStatus(error, directory.Show(name));
  }
  if (directory.CheckIs(aside, fd_).ok()) {
    return PathLock(State::kTaken, std::move(fd), std::nullopt);
  }
  // Another server's: it has begun since.
  PutBack(directory, aside);
  unlinkat(in, aside.c_str(), 0);
  return ended();
}

void PathLock::PutBack(const Directory& directory, const std::string& aside) const {
  const int in = directory.fd();
  renameat2(in, aside.c_str(), in, LockName(directory).c_str(), RENAME_EXCHANGE);
}

std::optional<pid_t> PathLock::TakenBy(const Directory& directory) const {
  if (state_ != State::kTaken || IsIn(directory)) return std::nullopt;
  const UniqueFd other = Open(directory, LockName(directory));
  Text said;
  if (!other.valid() || Read(other, &said) != Content::kOurs) return std::nullopt;
  return said.pid.value_or(0);
}

void PathLock::Release(const Directory& directory) {
  if (state_ != State::kTaken || !fd_.valid()) return;
  const std::string name = LockName(directory);
  if (directory.CheckIs(name, fd_).ok()) unlinkat(directory.fd(), name.c_str(), 0);
  fd_.reset();
}

bool PathLock::IsIn(const Directory& directory) const {
  return directory.CheckIs(LockName(directory), fd_).ok();
}

}  // namespace uds
