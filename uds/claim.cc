// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/claim.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "uds/file_kind.h"
#include "uds/path_trust.h"
#include "uds/socket_probe.h"

namespace uds {
namespace {

// A server that begins, or has just been told to end, is done with that by then.
constexpr absl::Duration kSettle = absl::Milliseconds(200);
constexpr absl::Duration kLookOften = absl::Milliseconds(10);  // until then
constexpr absl::Duration kLookOn = absl::Milliseconds(50);     // and afterwards

// `waited`: for how long it took no connections; 0: it does take some.
absl::Status InUse(const std::string& path, const std::optional<PathHolder>& holder,
                   absl::Duration waited = absl::ZeroDuration()) {
  std::string by = "another server";
  if (holder.has_value()) absl::StrAppend(&by, " of uid ", holder->uid);
  if (holder.has_value() && holder->pid.has_value())
    absl::StrAppend(&by, " with pid ", *holder->pid);
  if (waited > absl::ZeroDuration()) {
    absl::StrAppend(&by, ", which takes no connections and has not ended within ",
                    absl::FormatDuration(waited));
  }
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

// What is at `name`.
struct Occupant {
  UniqueFd socket;  // invalid when there is none
  Liveness liveness = Liveness::kDead;
  std::optional<PathHolder> holder;  // of a live one, if it can be told
};

// `is_held`: another server has the lock, so that there is no need to know whether the kernel still
// has the socket bound.
absl::StatusOr<Occupant> Look(const Directory& directory, const std::string& name, bool is_held) {
  absl::StatusOr<UniqueFd> file = FindSocket(directory, name);
  if (!file.ok()) return file.status();
  Occupant occupant;
  occupant.socket = *std::move(file);
  if (!occupant.socket.valid()) return occupant;
  absl::StatusOr<ProbeResult> probe = ProbeSocket(directory, name, occupant.socket);
  if (!probe.ok() && !is_held) return probe.status();
  occupant.liveness = probe.ok() ? probe->liveness : Liveness::kSilent;
  struct stat found = {};
  if (probe.ok() && probe->server.has_value()) {
    occupant.holder = PathHolder{probe->server->uid, probe->server->pid};
  } else if (fstat(occupant.socket.get(), &found) == 0) {
    occupant.holder = PathHolder{found.st_uid, std::nullopt};
  }
  return occupant;
}

// The same for every claim of the path, and so, under the lock, for one process at a time: what a
// killed one left there is found by the next. Readable, as it is what `ss -x` shows; but a base
// name may be as long as an address, so that nothing more fits behind it.
std::string PrivateName(const std::string& base_name) {
  std::string readable = absl::StrCat(base_name, ".new");
  constexpr size_t kLongestFdPath = sizeof("/proc/self/fd/2147483647/") - 1;
  if (kLongestFdPath + readable.size() <= Address::kMaxLength) return readable;
  return absl::StrCat(".", absl::Hex(std::hash<std::string>()(base_name)), ".new");
}

// For where there is no lock, or where a file of others has that name.
std::string PrivateNameOfThisClaim() {
  uint32_t random = 0;
  if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0) random = getpid();
  return absl::StrCat(".", absl::Hex(random, absl::kZeroPad8), ".new");
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
  Claim claim(*std::move(directory), std::move(trust));
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
    absl::StatusOr<Occupant> occupant = Look(directory_, name, is_held);
    if (!occupant.ok()) return occupant.status();
    if (!is_held && occupant->liveness == Liveness::kDead) {
      stale_ = std::move(occupant->socket);
      return absl::OkStatus();
    }
    // Whoever holds the lock and has no live socket begins or ends.
    const bool serves = occupant->liveness == Liveness::kAlive;
    std::optional<PathHolder> holder = std::move(occupant->holder);
    if (is_held && !serves) holder = PathHolder{geteuid(), lock_.holder()};
    switch (patience.Pause(holder, serves, is_held)) {
      case Patience::Then::kLookAgain:
        break;
      case Patience::Then::kGiveUp:
        return InUse(path(), holder, serves ? absl::ZeroDuration() : options.wait);
      case Patience::Then::kStop:
        return absl::CancelledError(
            absl::StrCat("stopped while waiting for the server that has ", path()));
    }
  }
}

Claim& Claim::operator=(Claim&& other) noexcept {
  if (this == &other) return *this;
  Release().IgnoreError();
  directory_ = std::move(other.directory_);
  path_trust_ = std::move(other.path_trust_);
  lock_ = std::move(other.lock_);
  private_name_ = std::move(other.private_name_);
  stale_ = std::move(other.stale_);
  ours_ = std::move(other.ours_);
  our_name_ = std::move(other.our_name_);
  return *this;
}

Claim::~Claim() { Release().IgnoreError(); }

// What is no dead socket, or is another user's, is left alone: they must not keep us out.
absl::Status Claim::MakePrivateNameFree() {
  const bool is_locked = lock_.state() == PathLock::State::kTaken;
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool is_shared = is_locked && attempt == 0;
    private_name_ = is_shared ? PrivateName(directory_.base_name()) : PrivateNameOfThisClaim();
    absl::StatusOr<Occupant> occupant = Look(directory_, private_name_, /*is_held=*/false);
    if (absl::IsFailedPrecondition(occupant.status())) continue;
    if (!occupant.ok()) return occupant.status();
    if (!occupant->socket.valid()) return absl::OkStatus();
    // Without the lock, what looks dead may just be about to be bound.
    if (!is_shared || occupant->liveness != Liveness::kDead) continue;
    if (unlinkat(directory_.fd(), private_name_.c_str(), 0) == 0) return absl::OkStatus();
  }
  return absl::AlreadyExistsError(absl::StrCat("cannot make the socket ", path(),
                                               ": files such as ", directory_.Show(private_name_),
                                               " are in the way; remove them"));
}

absl::Status Claim::Bind(int socket, const SocketPermissions& permissions) {
  const std::string failed = absl::StrCat("cannot make the socket ", path());
  if ((permissions.mode & ~0777u) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(failed, ": its mode must be within 0777"));
  }
  if (absl::Status status = MakePrivateNameFree(); !status.ok()) return status;
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

absl::Status Claim::CannotReplace(int error) const {
  const std::string what = absl::StrCat("cannot replace the dead socket ", path());
  struct stat file = {};
  if ((error != EPERM && error != EACCES) || fstat(stale_.get(), &file) != 0) {
    return absl::ErrnoToStatus(error, what);
  }
  return absl::PermissionDeniedError(
      absl::StrCat(what, ": it belongs to uid ", file.st_uid, ", and you (uid ", geteuid(),
                   ") may not remove it; have it removed, or choose another address"));
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
    return CannotReplace(errno);
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
      status = absl::ErrnoToStatus(errno, absl::StrCat("cannot remove the socket ", path()));
    }
    ours_.reset();
  }
  lock_.Release(directory_);
  return status;
}

}  // namespace uds
