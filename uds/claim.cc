// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/claim.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
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

// The same for every claim of the path, and so, under the lock, for one process at a time: what a
// killed one left there is found by the next. Readable, as it is what `ss -x` shows; but a base
// name may be as long as an address, so that nothing more fits behind it.
std::string PrivateName(const Directory& directory, const PathLock& lock) {
  std::string readable = absl::StrCat(directory.base_name(), ".new");
  constexpr size_t kLongestFdPath = sizeof("/proc/self/fd/2147483647/") - 1;
  if (kLongestFdPath + readable.size() <= Address::kMaxLength) return readable;
  return absl::StrCat(".", lock.inode(), ".new");
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
  return Claim(*std::move(directory), *std::move(lock), *std::move(stale));
}

Claim::Claim(Directory directory, PathLock lock, UniqueFd stale)
    : directory_(std::move(directory)),
      lock_(std::move(lock)),
      private_name_(PrivateName(directory_, *lock_)),
      stale_(std::move(stale)) {}

Claim& Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  Release().IgnoreError();
  directory_ = std::move(other.directory_);
  lock_ = std::move(other.lock_);
  private_name_ = std::move(other.private_name_);
  stale_ = std::move(other.stale_);
  ours_ = std::move(other.ours_);
  our_name_ = std::move(other.our_name_);
  return *this;
}

Claim::~Claim() { Release().IgnoreError(); }

absl::Status Claim::Bind(int socket, const SocketPermissions& permissions) {
  const std::string failed = absl::StrCat("cannot make the socket ", path());
  if ((permissions.mode & ~0777u) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(failed, ": its mode must be within 0777"));
  }
  absl::StatusOr<UniqueFd> leftover = FindStaleSocket(directory_, private_name_);
  if (!leftover.ok()) return leftover.status();
  if (leftover->valid() && unlinkat(directory_.fd(), private_name_.c_str(), 0) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("cannot remove a killed server's ", directory_.Show(private_name_)));
  }
  absl::StatusOr<Address> address = directory_.AddressOf(private_name_);
  if (!address.ok()) return address.status();

  // The descriptor's own mode, less the umask, becomes the file's: nobody but the owner gets in
  // before the group is right.
  if (fchmod(socket, permissions.mode & S_IRWXU) != 0) return absl::ErrnoToStatus(errno, failed);
  if (bind(socket, address->socket_address(), address->socket_address_length()) != 0) {
    return absl::ErrnoToStatus(errno, failed);
  }
  ours_ = directory_.Open(private_name_);
  if (!ours_.valid()) return absl::ErrnoToStatus(errno, failed);
  our_name_ = private_name_;

  const char* name = our_name_.c_str();
  if (permissions.group.has_value() &&
      fchownat(directory_.fd(), name, -1, *permissions.group, AT_SYMLINK_NOFOLLOW) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(failed, " with group ", *permissions.group, ", as you (uid ", geteuid(),
                            ") are neither root nor perhaps a member of it"));
  }
  if (fchmodat(directory_.fd(), name, permissions.mode, 0) != 0) {
    return absl::ErrnoToStatus(errno, failed);
  }
  return absl::OkStatus();
}

absl::Status Claim::Publish() {
  absl::Status status = stale_.valid() ? PublishOverStale() : PublishWherePathIsFree();
  if (!status.ok()) return status;
  our_name_ = directory_.base_name();
  stale_.reset();
  return absl::OkStatus();
}

absl::Status Claim::PublishWherePathIsFree() {
  const int fd = directory_.fd();
  const char* name = directory_.base_name().c_str();
  if (renameat2(fd, our_name_.c_str(), fd, name, RENAME_NOREPLACE) == 0) return absl::OkStatus();
  if (errno == EINVAL || errno == ENOSYS) {  // a file system that cannot, such as NFS
    // link(2) does not replace either, and leaves the inode as it is.
    if (linkat(fd, our_name_.c_str(), fd, name, 0) == 0) {
      unlinkat(fd, our_name_.c_str(), 0);
      return absl::OkStatus();
    }
  }
  if (errno == EEXIST) return InUse(path(), std::nullopt);
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot publish the socket ", path()));
}

absl::Status Claim::PublishOverStale() {
  const int fd = directory_.fd();
  const char* name = directory_.base_name().c_str();
  // Gone meanwhile, or another's by now: that one is not displaced either way.
  if (!directory_.CheckIs(directory_.base_name(), stale_).ok()) return PublishWherePathIsFree();
  // Exchanged rather than replaced, to see what it was that had to go.
  if (renameat2(fd, our_name_.c_str(), fd, name, RENAME_EXCHANGE) != 0) {
    if (errno == ENOENT) return PublishWherePathIsFree();
    if ((errno == EINVAL || errno == ENOSYS) && renameat(fd, our_name_.c_str(), fd, name) == 0) {
      return absl::OkStatus();
    }
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot replace the dead socket ", path()));
  }
  if (!directory_.CheckIs(our_name_, stale_).ok()) {
    // Somebody took the path since it was found dead: give it back.
    if (renameat2(fd, our_name_.c_str(), fd, name, RENAME_EXCHANGE) == 0) {
      return InUse(path(), std::nullopt);
    }
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give back ", path()));
  }
  // Should this fail, the dead socket stays under the private name, where the next claim finds it.
  unlinkat(fd, our_name_.c_str(), 0);
  return absl::OkStatus();
}

absl::Status Claim::CheckStillOurs() const {
  if (!ours_.valid()) {
    return absl::FailedPreconditionError(absl::StrCat("the socket ", path(), " is not bound"));
  }
  absl::Status status = directory_.CheckIs(our_name_, ours_);
  if (absl::IsNotFound(status)) {
    return absl::NotFoundError(absl::StrCat(
        "the socket ", path(), " was removed: new clients cannot find this server; restart it"));
  }
  if (absl::IsFailedPrecondition(status)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the socket ", path(), " was replaced: new clients go elsewhere; restart this server"));
  }
  return status;
}

absl::Status Claim::Release() {
  absl::Status status;
  if (ours_.valid()) {
    status = CheckStillOurs();
    if (status.ok() && unlinkat(directory_.fd(), our_name_.c_str(), 0) != 0) {
      // Whatever the reason: other codes say that it is not ours any more.
      status = absl::InternalError(absl::StrCat(
          absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the socket ", path())).message(),
          "; remove it, or leave it for the next server to reclaim"));
    }
    ours_.reset();
  }
  lock_.reset();
  return status;
}

}  // namespace uds
