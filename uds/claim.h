// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A socket's path, claimed without hurting anybody and given back without hurting anybody.
//
//   absl::StatusOr<uds::Claim> claim = uds::Claim::Take(address, {});       // each gives a status
//   claim->Bind(fd, {.mode = 0660, .group = gid});                          // the path is there
//   listen(fd, SOMAXCONN);                                                  // clients get in now
//   ...
//   claim->Release();                                                       // or destroy it
//
// uds/listener.h does all this. What holds throughout:
//  - No other user can put a socket in its place, unless that was allowed (uds/path_trust.h).
//  - One claim a path: an flock on `<path>.lock`, which is removed at the end. What others have left
//    there keeps nobody out (uds/path_lock.h).
//  - A live server is never displaced; a dead one's socket is. What is no socket is never touched.
//    For a server that is about to end, Take() can wait.
//  - The socket has its mode and group before it listens, so before anybody can connect.
//  - Only the very file that this claim bound is ever removed.
//  - No other socket's name is seen in the directory: the kubelet, for one, connects to each. A dead
//    socket that has to go is moved to a name with a dot in front, looked at, and removed.
//
// Against processes that lock: airtight. Against those that do not (they bind, unlink or rename
// where they please), each step checks what it found, and undoes itself if it displaced anything.
//
// The socket is bound to the path itself, absolute and without symbolic links where that fits, and
// not renamed: a socket keeps the name that it was bound to in /proc/net/unix, and systemd-tmpfiles
// knows by that list what is alive and may not be cleaned up (unix_socket_alive in its tmpfiles.c).
// It sees the sockets of its own network namespace alone; see Restore() for the others.
//
// Thread safety: const access from several threads is fine.
// Ownership: move-only; holds three descriptors, one of them the lock; destruction is Release().

#ifndef UDS_CLAIM_H_
#define UDS_CLAIM_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "uds/address.h"
#include "uds/directory.h"
#include "uds/path_lock.h"
#include "uds/path_occupant.h"
#include "uds/path_watch.h"
#include "uds/takeover.h"
#include "uds/unique_fd.h"

namespace uds {

struct SocketPermissions {
  // Who may connect: write permission on the socket. 0 to 0777; applied whatever the umask.
  mode_t mode = 0600;
  // The socket's group; unset: the kernel's choice (the process's, or a setgid directory's).
  std::optional<gid_t> group = std::nullopt;
};

struct ClaimOptions {
  // Go on where other users can replace the socket: path_trust() tells.
  bool allow_shared_directory = false;

  // How long to wait for a server that has the path and takes no connections: it is about to end,
  // or to begin. One that takes connections is looked at again after a fifth of a second, as it may
  // just have been told to end, and is not waited for longer.
  absl::Duration wait = absl::ZeroDuration();

  // Take the path from a live server of this user, if one serves there (uds/takeover.h): that one
  // finds out by CheckStillOurs(), should serve those who wait, and end. rpc::Server does so.
  bool take_over = false;

  // Called once, when it has waited for a fifth of a second and goes on to.
  std::function<void(const PathHolder&)> waiting = nullptr;

  // Sleeps for so long; false ends the wait (CANCELLED). Unset: just sleeps.
  std::function<bool(absl::Duration)> pause = nullptr;
};

class Claim {
 public:
  // `address` is a path. AlreadyExists: a server uses the path, and which, if it can be told.
  // FailedPrecondition: it is no socket; other users can replace the socket (IsUntrustedPath() of
  // uds/path_trust.h). NotFound: no such directory. With `take_over`, besides: PermissionDenied, it is
  // another user's; FailedPrecondition, that server would not notice; AlreadyExists, another takeover
  // is under way. Nothing but the lock file is made or changed.
  static absl::StatusOr<Claim> Take(const Address& address, const ClaimOptions& options = {});

  Claim(Claim&&) = default;
  Claim& operator=(Claim&& other) noexcept;
  ~Claim();

  // OK; or how other users can replace the socket, where that was allowed.
  const absl::Status& path_trust() const { return path_trust_; }

  // OK; or why there is no lock beside the path (uds/path_lock.h), so that of two servers that are
  // started at once one may fail with another error than AlreadyExists.
  const absl::Status& path_lock() const { return lock_.why_none(); }

  // Binds `socket` to the path. Call before listen(2). AlreadyExists: somebody took the path since
  // Take(). PermissionDenied: this user may not give the socket that group, or not write there.
  // Nothing is left at the path when it fails.
  absl::Status Bind(int socket, const SocketPermissions& permissions);

  // After listen(2): a path that is taken over leads here now. Otherwise there is nothing to do.
  // AlreadyExists: somebody else took it.
  absl::Status Publish();

  // Whether Publish() takes, or has taken, a live server's path.
  bool takes_over() const { return takes_over_; }
  bool is_published() const { return !takeover_.has_value(); }

  // Whether the path still leads to the bound socket. NotFound: it was removed or moved, or its
  // directory was; FailedPrecondition: something else is there; AlreadyExists: another server of this
  // user took it over; PermissionDenied: the path may not be looked at any more. New clients cannot
  // find this server then.
  absl::Status CheckStillOurs() const;

  // Tells when that may have changed. After Bind().
  PathWatch Watch() const { return PathWatch(ours_, path_); }

  enum class Restored {
    kSameSocket,  // it had another name, and has the path again besides
    kNewSocket,   // `socket` is bound, and has to listen(2)
  };

  // Makes the path lead here again, after CheckStillOurs() gave NotFound: with the socket of before
  // if it still has a name, otherwise by binding `socket`. The directory may be another by now; it
  // is examined as Take() does, and locked. AlreadyExists: somebody took the path or the lock;
  // other errors are those of Take() and Bind(). It may be tried again.
  absl::StatusOr<Restored> Restore(int socket, const SocketPermissions& permissions);

  // Removes the path if it is still ours, and keeps the lock. The status is that of
  // CheckStillOurs(): a path that is not ours is left as it is. Later calls do nothing.
  absl::Status Unbind();

  // Unbind(), and gives the lock back in any case.
  absl::Status Release();

 private:
  Claim(std::string path, Directory directory, absl::Status path_trust)
      : path_(std::move(path)),
        directory_(std::move(directory)),
        path_trust_(std::move(path_trust)) {}

  absl::Status TakePath(const ClaimOptions& options);
  absl::Status CannotRemove(int error, const UniqueFd& stale) const;
  absl::Status RemoveStale();
  absl::Status BeginTakeover(Occupant occupant);
  const std::string& NameToBind() const {
    return takeover_.has_value() ? takeover_->name() : directory_.base_name();
  }
  absl::StatusOr<Address> AddressToBind() const;
  absl::Status SetPermissions(const SocketPermissions& permissions) const;
  absl::Status LockAgain(const Directory& directory);
  bool LinkAgain() const;

  std::string shown() const { return directory_.Show(directory_.base_name()); }

  std::string path_;  // absolute, if the working directory could be told
  Directory directory_;
  absl::Status path_trust_;
  bool allow_shared_directory_ = false;
  PathLock lock_;
  std::optional<Takeover> takeover_;  // until Publish()
  bool takes_over_ = false;
  UniqueFd stale_;  // a dead server's socket at the path; invalid when there is none
  UniqueFd ours_;   // the socket file that was bound; invalid before and after
  // The one before Restore(): it may come back, as when what was mounted over it is unmounted.
  UniqueFd earlier_;
};

}  // namespace uds

#endif  // UDS_CLAIM_H_
