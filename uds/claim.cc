// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/claim.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "uds/file_kind.h"
#include "uds/peer_credentials.h"
#include "uds/socket_probe.h"

namespace uds {
namespace {

absl::Status InUse(const std::string& path, const std::optional<PeerCredentials>& server) {
  std::string by = "another server";
  if (server.has_value()) absl::StrAppend(&by, " of uid ", server->uid);
  if (server.has_value() && server->pid.has_value())
    absl::StrAppend(&by, " with pid ", *server->pid);
  return absl::AlreadyExistsError(
      absl::StrCat(path, " is in use by ", by, "; stop it, or choose another address"));
}

// The file at `name`, if any; refuses what is no socket.
absl::StatusOr<UniqueFd> FindSocket(const Directory& directory, const std::string& name) {
  UniqueFd file = directory.Open(name);
  if (!file.valid()) {
    if (errno == ENOENT) return file;
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot examine ", directory.Show(name)));
  }
  struct stat found = {};
  if (fstat(file.get(), &found) != 0) return absl::ErrnoToStatus(errno, directory.Show(name));
  if (S_ISSOCK(found.st_mode)) return file;
  return absl::FailedPreconditionError(absl::StrCat(
      directory.Show(name), " is ", FileKind(found.st_mode),
      ", not a socket, so it was left alone; move it away, or choose another address"));
}

// The dead socket at `name`, if any; refuses a live one and what is no socket.
absl::StatusOr<UniqueFd> FindStaleSocket(const Directory& directory, const std::string& name) {
  absl::StatusOr<UniqueFd> file = FindSocket(directory, name);
  if (!file.ok() || !file->valid()) return file;
  absl::StatusOr<ProbeResult> probe = ProbeSocket(directory, name, *file);
  if (!probe.ok()) return probe.status();
  if (probe->liveness == Liveness::kAlive) return InUse(directory.Show(name), probe->server);
  return file;
}

// Somebody holds the lock; says who, if their socket takes connections.
absl::Status LockIsHeld(const Directory& directory) {
  const std::string& name = directory.base_name();
  std::optional<PeerCredentials> server;
  if (absl::StatusOr<UniqueFd> file = FindSocket(directory, name); file.ok() && file->valid()) {
    absl::StatusOr<ProbeResult> probe = ProbeSocket(directory, name, *file);
    if (probe.ok()) server = probe->server;
  }
  return InUse(directory.Show(name), server);
}

// Where a dead socket is put before it is removed: the same for every claim of the path, and so,
// under the lock, for one process at a time. What a killed one left there is found by the next.
std::string AsideName(const Directory& directory) {
  constexpr size_t kLongest = 60;  // so that AddressOf() has room for it
  return absl::StrCat(".", absl::string_view(directory.base_name()).substr(0, kLongest), ".old");
}

// The path from the root, whatever chdir(2) does later. As given if the working directory has none.
std::string Absolute(absl::string_view path) {
  if (absl::StartsWith(path, "/")) return std::string(path);
  std::error_code none;
  const std::filesystem::path here = std::filesystem::current_path(none);
  return none ? std::string(path) : (here / std::string(path)).string();
}

}  // namespace

absl::StatusOr<Claim> Claim::Take(const Address& address) {
  absl::StatusOr<Directory> directory = Directory::OpenParentOf(address.name());
  if (!directory.ok()) return directory.status();
  if (absl::Status status = directory->CheckTrusted(); !status.ok()) return status;
  // Once before the lock: a mistyped path gets no lock file beside it.
  absl::StatusOr<UniqueFd> file = FindSocket(*directory, directory->base_name());
  if (!file.ok()) return file.status();

  absl::StatusOr<PathLock> lock = PathLock::Take(*directory);
  if (absl::IsAlreadyExists(lock.status())) return LockIsHeld(*directory);
  if (!lock.ok()) return lock.status();

  absl::StatusOr<UniqueFd> stale = FindStaleSocket(*directory, directory->base_name());
  if (!stale.ok()) return stale.status();
  return Claim(Absolute(address.name()), *std::move(directory), *std::move(lock),
               *std::move(stale));
}

Claim& Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  Release().IgnoreError();
  path_ = std::move(other.path_);
  directory_ = std::move(other.directory_);
  lock_ = std::move(other.lock_);
  stale_ = std::move(other.stale_);
  ours_ = std::move(other.ours_);
  earlier_ = std::move(other.earlier_);
  return *this;
}

Claim::~Claim() { Release().IgnoreError(); }

absl::Status Claim::Bind(int socket, const SocketPermissions& permissions) {
  const std::string failed = absl::StrCat("cannot make the socket ", shown());
  if ((permissions.mode & ~0777u) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(failed, ": its mode must be within 0777"));
  }
  if (absl::Status status = RemoveStale(); !status.ok()) return status;
  absl::StatusOr<Address> address = AddressToBind();
  if (!address.ok()) return address.status();

  // The descriptor's own mode, less the umask, becomes the file's. Where that is not possible, or
  // not enough, SetPermissions() notices.
  static_cast<void>(fchmod(socket, permissions.mode));
  if (bind(socket, address->socket_address(), address->socket_address_length()) != 0) {
    if (errno != EADDRINUSE) return absl::ErrnoToStatus(errno, failed);
    const absl::Status found = FindStaleSocket(directory_, directory_.base_name()).status();
    return found.ok() ? InUse(shown(), std::nullopt) : found;
  }
  UniqueFd file = directory_.Open(directory_.base_name());
  if (!file.valid()) {
    const int error = errno;
    unlinkat(directory_.fd(), directory_.base_name().c_str(), 0);
    return absl::ErrnoToStatus(error, failed);
  }
  UniqueFd before = std::exchange(ours_, std::move(file));
  if (absl::Status status = SetPermissions(permissions); !status.ok()) {
    Unbind().IgnoreError();
    ours_ = std::move(before);
    return status;
  }
  earlier_ = std::move(before);
  return absl::OkStatus();
}

absl::StatusOr<Address> Claim::AddressToBind() const {
  // By the directory's own path, where it can be told and fits: see the header.
  std::error_code none;
  const std::filesystem::path real =
      std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", directory_.fd()), none);
  if (!none && real.is_absolute()) {
    absl::StatusOr<Address> address = Address::Parse((real / directory_.base_name()).string());
    if (address.ok()) return address;
  }
  return directory_.AddressOf(directory_.base_name());
}

absl::Status Claim::SetPermissions(const SocketPermissions& permissions) const {
  const std::string failed = absl::StrCat("cannot make the socket ", shown());
  const char* const name = directory_.base_name().c_str();
  struct stat file = {};
  if (fstat(ours_.get(), &file) != 0) return absl::ErrnoToStatus(errno, failed);
  if (permissions.group.has_value() && *permissions.group != file.st_gid) {
    if (fchownat(directory_.fd(), name, -1, *permissions.group, AT_SYMLINK_NOFOLLOW) != 0) {
      return absl::ErrnoToStatus(
          errno, absl::StrCat(failed, " with group ", *permissions.group, ", as you (uid ",
                              geteuid(), ") are neither root nor perhaps a member of it"));
    }
    if (fstat(ours_.get(), &file) != 0) return absl::ErrnoToStatus(errno, failed);
  }
  // Some file systems refuse to change a socket's mode, such as virtiofs. It may be right anyway.
  if ((file.st_mode & 07777) == permissions.mode ||
      fchmodat(directory_.fd(), name, permissions.mode, 0) == 0) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(
      errno,
      absl::StrFormat("%s: the file system refuses to change its mode from %04o to %04o; "
                      "start the server with `umask %04o`, or use another directory",
                      failed, file.st_mode & 07777, permissions.mode, 0777 & ~permissions.mode));
}

absl::Status Claim::RemoveStale() {
  if (!stale_.valid()) return absl::OkStatus();
  const UniqueFd stale = std::move(stale_);
  const int fd = directory_.fd();
  const std::string& name = directory_.base_name();
  const std::string aside = AsideName(directory_);
  const std::string failed = absl::StrCat("cannot remove the dead socket ", shown());
  absl::StatusOr<UniqueFd> leftover = FindStaleSocket(directory_, aside);
  if (!leftover.ok()) return leftover.status();
  if (leftover->valid()) unlinkat(fd, aside.c_str(), 0);
  // Gone meanwhile, or another's by now: bind(2) finds out.
  if (!directory_.CheckIs(name, stale).ok()) return absl::OkStatus();
  // Moved rather than removed, to see what it was that had to go.
  if (renameat2(fd, name.c_str(), fd, aside.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    const bool cannot_rename = errno == EINVAL || errno == ENOSYS;  // such as NFS
    if (cannot_rename && unlinkat(fd, name.c_str(), 0) == 0) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, failed);
  }
  if (!directory_.CheckIs(aside, stale).ok()) {
    // Somebody took the path since it was found dead: give it back.
    if (renameat2(fd, aside.c_str(), fd, name.c_str(), RENAME_NOREPLACE) == 0) {
      return InUse(shown(), std::nullopt);
    }
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give back ", shown()));
  }
  // Should this fail, it stays there, where the next claim finds it.
  unlinkat(fd, aside.c_str(), 0);
  return absl::OkStatus();
}

absl::Status Claim::CheckStillOurs() const {
  if (!ours_.valid()) {
    return absl::FailedPreconditionError(absl::StrCat("the socket ", shown(), " is not bound"));
  }
  struct stat ours = {};
  if (fstat(ours_.get(), &ours) != 0) return absl::ErrnoToStatus(errno, shown());
  // As clients look it up: the directory that is held open may have been moved.
  struct stat found = {};
  if (lstat(path_.c_str(), &found) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) {
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot look at the socket ", shown()));
    }
    return absl::NotFoundError(
        absl::StrCat("the socket ", shown(),
                     " was removed or moved, so that new clients cannot find this server"));
  }
  if (found.st_dev == ours.st_dev && found.st_ino == ours.st_ino) return absl::OkStatus();
  if (struct stat earlier = {}; earlier_.valid() && fstat(earlier_.get(), &earlier) == 0 &&
                                found.st_dev == earlier.st_dev && found.st_ino == earlier.st_ino) {
    return absl::NotFoundError(absl::StrCat("an earlier socket of this server is at ", shown(),
                                            " again, so that new clients cannot find this server"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the socket ", shown(), " was replaced by ",
      S_ISSOCK(found.st_mode) ? "another socket" : FileKind(found.st_mode),
      ", so that new clients do not find this server; it was left alone: remove it, or restart "
      "this server"));
}

absl::StatusOr<Claim::Restored> Claim::Restore(int socket, const SocketPermissions& permissions) {
  absl::StatusOr<Directory> directory = Directory::OpenParentOf(path_);
  if (!directory.ok()) return directory.status();
  if (absl::Status status = directory->CheckTrusted(); !status.ok()) return status;
  if (!lock_.has_value() || !lock_->IsIn(*directory)) {
    // The one that is held guards nothing any more.
    absl::StatusOr<PathLock> lock = PathLock::Take(*directory);
    if (absl::IsAlreadyExists(lock.status())) return LockIsHeld(*directory);
    if (!lock.ok()) return lock.status();
    lock_ = *std::move(lock);
  }
  directory_ = *std::move(directory);
  if (LinkAgain()) return Restored::kSameSocket;
  if (earlier_.valid() && directory_.CheckIs(directory_.base_name(), earlier_).ok()) {
    stale_ = std::move(earlier_);  // it was shut down
  }
  absl::Status status = Bind(socket, permissions);
  if (!status.ok()) return status;
  return Restored::kNewSocket;
}

// Gives our socket the path again, if it has another name. (The last name is gone for good.)
bool Claim::LinkAgain() const {
  struct stat file = {};
  if (!ours_.valid() || fstat(ours_.get(), &file) != 0 || file.st_nlink == 0) return false;
  const std::string ours = absl::StrCat("/proc/self/fd/", ours_.get());
  return linkat(AT_FDCWD, ours.c_str(), directory_.fd(), directory_.base_name().c_str(),
                AT_SYMLINK_FOLLOW) == 0;
}

absl::Status Claim::Unbind() {
  if (!ours_.valid()) return absl::OkStatus();
  absl::Status status = CheckStillOurs();
  // Where it was made, even if that is not where clients look by now.
  const std::string& name = directory_.base_name();
  if (directory_.CheckIs(name, ours_).ok() && unlinkat(directory_.fd(), name.c_str(), 0) != 0) {
    status.Update(absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the socket ", shown())));
  }
  ours_.reset();
  return status;
}

absl::Status Claim::Release() {
  absl::Status status = Unbind();
  lock_.reset();
  return status;
}

}  // namespace uds
