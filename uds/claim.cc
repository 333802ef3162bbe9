// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/claim.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "uds/file_kind.h"
#include "uds/other_writers.h"
#include "uds/path_occupant.h"
#include "uds/path_trust.h"
#include "uds/socket_probe.h"

namespace uds {
namespace {

// A server that begins, or has just been told to end, is done with that by then.
constexpr absl::Duration kSettle = absl::Milliseconds(200);
constexpr absl::Duration kLookOften = absl::Milliseconds(10);  // until then
constexpr absl::Duration kLookOn = absl::Milliseconds(50);     // and afterwards

// The path from the root, whatever chdir(2) does later. As given if the working directory has none.
std::string Absolute(absl::string_view path) {
  if (absl::StartsWith(path, "/")) return std::string(path);
  std::error_code none;
  const std::filesystem::path here = std::filesystem::current_path(none);
  return none ? std::string(path) : (here / std::string(path)).string();
}

// The time that a server has to give the path back.
class Patience {
 public:
  enum class Then { kLookAgain, kGiveUp, kStop };

  explicit Patience(const ClaimOptions& options) : options_(options) {}

  // `serves`: the holder takes connections. `is_held`: it has the lock, and so may be one that ends.
  Then Pause(const std::optional<PathHolder>& holder, bool serves, bool is_held) {
    const absl::Duration waited = absl::FromChrono(std::chrono::steady_clock::now() - begin_);
    const bool is_settled = waited >= kSettle;
    if (waited >= options_.wait || (serves && (!is_held || is_settled))) return Then::kGiveUp;
    if (is_settled && !std::exchange(is_told_, true) && options_.waiting != nullptr) {
      options_.waiting(holder.value_or(PathHolder{}));
    }
    const absl::Duration pause = is_settled ? kLookOn : serves ? kSettle - waited : kLookOften;
    return Sleep(std::min(pause, options_.wait - waited)) ? Then::kLookAgain : Then::kStop;
  }

 private:
  bool Sleep(absl::Duration duration) const {
    if (options_.pause != nullptr) return options_.pause(duration);
    absl::SleepFor(duration);
    return true;
  }

  const ClaimOptions& options_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  bool is_told_ = false;
};

}  // namespace

absl::StatusOr<Claim> Claim::Take(const Address& address, const ClaimOptions& options) {
  absl::Status trust = CheckPathTrusted(address.name());
  const bool is_shared = options.allow_shared_directory && IsUntrustedPath(trust);
  if (!trust.ok() && !is_shared) return trust;
  absl::StatusOr<Directory> directory = Directory::OpenParentOf(address.name());
  if (!directory.ok()) return directory.status();
  Claim claim(Absolute(address.name()), *std::move(directory), std::move(trust));
  claim.allow_shared_directory_ = options.allow_shared_directory;
  if (absl::Status status = claim.TakePath(options); !status.ok()) return status;
  return claim;
}

absl::Status Claim::TakePath(const ClaimOptions& options) {
  const std::string& name = directory_.base_name();
  // Once before the lock: a mistyped path gets no lock file beside it.
  if (absl::StatusOr<UniqueFd> file = FindSocket(directory_, name); !file.ok()) {
    return file.status();
  }
  Patience patience(options);
  for (;;) {
    if (lock_.state() != PathLock::State::kTaken) lock_ = PathLock::Take(directory_);
    const bool is_held = lock_.state() == PathLock::State::kHeld;
    absl::StatusOr<Occupant> occupant = LookAt(directory_, name, is_held);
    if (!occupant.ok()) return occupant.status();
    if (!is_held && occupant->liveness == Liveness::kDead) {
      stale_ = std::move(occupant->socket);
      return absl::OkStatus();
    }
    // Whoever holds the lock and has no live socket begins or ends.
    const bool serves = occupant->liveness == Liveness::kAlive;
    if (serves && options.take_over) {
      return BeginTakeover(*std::move(occupant));
    }
    std::optional<PathHolder> holder = occupant->holder;
    if (is_held && !serves) holder = PathHolder{geteuid(), lock_.holder()};
    switch (patience.Pause(holder, serves, is_held)) {
      case Patience::Then::kLookAgain:
        break;
      case Patience::Then::kGiveUp:
        return InUse(shown(), holder, serves ? absl::ZeroDuration() : options.wait);
      case Patience::Then::kStop:
        return absl::CancelledError(
            absl::StrCat("stopped while waiting for the server that has ", shown()));
    }
  }
}

absl::Status Claim::BeginTakeover(Occupant occupant) {
  // One that is ours stays here, to be given back.
  PathLock theirs;
  if (lock_.state() == PathLock::State::kHeld) theirs = std::exchange(lock_, PathLock());
  absl::StatusOr<Takeover> takeover =
      Takeover::Begin(directory_, std::move(occupant), std::move(theirs));
  if (!takeover.ok()) return takeover.status();
  takeover_ = *std::move(takeover);
  takes_over_ = true;
  return absl::OkStatus();
}

Claim& Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  Release().IgnoreError();
  path_ = std::move(other.path_);
  directory_ = std::move(other.directory_);
  path_trust_ = std::move(other.path_trust_);
  allow_shared_directory_ = other.allow_shared_directory_;
  takeover_ = std::exchange(other.takeover_, std::nullopt);
  takes_over_ = other.takes_over_;
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
    absl::StatusOr<Occupant> other = LookAt(directory_, NameToBind(), /*is_held=*/true);
    return other.ok() ? InUse(shown(), other->holder) : other.status();
  }
  UniqueFd file = directory_.Open(NameToBind());
  if (!file.valid()) {
    const int error = errno;
    unlinkat(directory_.fd(), NameToBind().c_str(), 0);
    return absl::ErrnoToStatus(error, failed);
  }
  UniqueFd before = std::exchange(ours_, std::move(file));
  if (absl::Status status = SetPermissions(permissions); !status.ok()) {
    Unbind().IgnoreError();
    ours_ = std::move(before);
    return status;
  }
  earlier_ = std::move(before);
  lock_.Record(ours_);
  return absl::OkStatus();
}

absl::Status Claim::Publish() {
  if (!takeover_.has_value()) return absl::OkStatus();
  absl::Status status = takeover_->Complete(directory_, ours_, &lock_);
  if (status.ok()) takeover_.reset();
  return status;
}

absl::StatusOr<Address> Claim::AddressToBind() const {
  // By the directory's own path, where it can be told and fits: see the header.
  std::error_code none;
  const std::filesystem::path real =
      std::filesystem::read_symlink(absl::StrCat("/proc/self/fd/", directory_.fd()), none);
  if (!none && real.is_absolute()) {
    absl::StatusOr<Address> address = Address::Parse((real / NameToBind()).string());
    if (address.ok()) return address;
  }
  return directory_.AddressOf(NameToBind());
}

absl::Status Claim::SetPermissions(const SocketPermissions& permissions) const {
  const std::string failed = absl::StrCat("cannot make the socket ", shown());
  const char* const name = NameToBind().c_str();
  const std::string path = std::filesystem::path(path_).replace_filename(NameToBind()).string();
  if (!RemoveAccessList(ours_, path)) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat(failed,
                            ": it has an access control list by its directory's default, "
                            "which cannot be taken away; remove the default (setfacl -k)"));
  }
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
  if (const std::optional<pid_t> by = lock_.TakenBy(directory_);
      by.has_value() && S_ISSOCK(found.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat("the socket ", shown(), " was taken over by the server with pid ", *by));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the socket ", shown(), " was replaced by ",
      S_ISSOCK(found.st_mode) ? "another socket" : FileKind(found.st_mode),
      ", so that new clients do not find this server; it was left alone: remove it, or restart "
      "this server"));
}

absl::StatusOr<Claim::Restored> Claim::Restore(int socket, const SocketPermissions& permissions) {
  absl::Status trust = CheckPathTrusted(path_);
  const bool is_shared = allow_shared_directory_ && IsUntrustedPath(trust);
  if (!trust.ok() && !is_shared) return trust;
  absl::StatusOr<Directory> directory = Directory::OpenParentOf(path_);
  if (!directory.ok()) return directory.status();
  if (absl::Status status = LockAgain(*directory); !status.ok()) return status;
  directory_ = *std::move(directory);
  if (LinkAgain()) {
    lock_.Record(ours_);  // it may be a new one
    return Restored::kSameSocket;
  }
  if (earlier_.valid() && directory_.CheckIs(directory_.base_name(), earlier_).ok()) {
    stale_ = std::move(earlier_);  // it was shut down
  }
  absl::Status status = Bind(socket, permissions);
  if (!status.ok()) return status;
  return Restored::kNewSocket;
}

// Unless the lock that is held guards that path.
absl::Status Claim::LockAgain(const Directory& directory) {
  if (lock_.IsIn(directory)) return absl::OkStatus();
  PathLock lock = PathLock::Take(directory);
  if (lock.state() == PathLock::State::kHeld) {
    return InUse(shown(), PathHolder{geteuid(), lock.holder()});
  }
  lock_ = std::move(lock);
  return absl::OkStatus();
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
  if (takeover_.has_value()) {
    const std::string& unpublished = takeover_->name();
    if (directory_.CheckIs(unpublished, ours_).ok()) {
      unlinkat(directory_.fd(), unpublished.c_str(), 0);
    }
    ours_.reset();
    takeover_.reset();
  }
  if (!ours_.valid()) return absl::OkStatus();
  absl::Status status = CheckStillOurs();
  // Where it was made, even if that is not where clients look by now.
  const std::string& name = directory_.base_name();
  if (directory_.CheckIs(name, ours_).ok() && unlinkat(directory_.fd(), name.c_str(), 0) != 0) {
    // Whatever the reason: other codes say that it is not ours any more.
    status.Update(absl::InternalError(absl::StrCat(
        absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the socket ", shown())).message(),
        "; remove it, or leave it for the next server to reclaim")));
  }
  ours_.reset();
  return status;
}

absl::Status Claim::Release() {
  absl::Status status = Unbind();
  lock_.Release(directory_);
  return status;
}

}  // namespace uds
