// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A socket's path, claimed without hurting anybody and given back without hurting anybody.
//
//   absl::StatusOr<uds::Claim> claim = uds::Claim::Take(address, {});       // each gives a status
//   claim->Bind(fd, {.mode = 0660, .group = gid});                          // under a private name
//   listen(fd, SOMAXCONN);
//   claim->Publish();                                                       // clients see it now
//   ...
//   claim->Release();                                                       // or destroy it
//
// uds/listener.h does all this. What holds throughout:
//  - No other user can put a socket in its place, unless that was allowed (uds/path_trust.h).
//  - One claim a path: an flock on `<path>.lock`, which is removed at the end. What others have left
//    there keeps nobody out (uds/path_lock.h).
//  - A live server is never displaced; a dead one's socket is. What is no socket is never touched.
//    For a server that is about to end, Take() can wait.
//  - The socket has its mode and group before anybody can connect, and is never looser before.
//  - Only the very file that this claim published is ever removed.
//
// Against processes that lock: airtight. Against those that do not (they bind, unlink or rename
// where they please), each step checks what it found, and undoes itself if it displaced anything.
//
// `ss -x` and /proc/net/unix go on to show the private name, `<path>.new`: a socket keeps the name
// that it was bound to. So do not put it where systemd-tmpfiles cleans up by age; that spares live
// sockets, and knows them by that list. /run is a good place.
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
#include "uds/path_watch.h"
#include "uds/unique_fd.h"

namespace uds {

struct SocketPermissions {
  // Who may connect: write permission on the socket. 0 to 0777; applied whatever the umask.
  mode_t mode = 0600;
  // The socket's group; unset: the kernel's choice (the process's, or a setgid directory's).
  std::optional<gid_t> group = std::nullopt;
};

// A server that has the path.
struct PathHolder {
  uid_t uid = 0;
  std::optional<pid_t> pid = std::nullopt;  // informational only
};

struct ClaimOptions {
  // Go on where other users can replace the socket: path_trust() tells.
  bool allow_shared_directory = false;

  // How long to wait for a server that has the path and takes no connections: it is about to end,
  // or to begin. One that takes connections is looked at again after a fifth of a second, as it may
  // just have been told to end, and is not waited for longer.
  absl::Duration wait = absl::ZeroDuration();

  // Called once, when it has waited for a fifth of a second and goes on to.
  std::function<void(const PathHolder&)> waiting = nullptr;

  // Sleeps for so long; false ends the wait (CANCELLED). Unset: just sleeps.
  std::function<bool(absl::Duration)> pause = nullptr;
};

class Claim {
 public:
  // `address` is a path. AlreadyExists: somebody lives there, and who, if it can be told.
  // FailedPrecondition: it is no socket; other users can replace the socket (IsUntrustedPath() of
  // uds/path_trust.h). NotFound: no such directory. Nothing but the lock file is made or changed.
  static absl::StatusOr<Claim> Take(const Address& address, const ClaimOptions& options = {});

  Claim(Claim&&) = default;
  Claim& operator=(Claim&& other) noexcept;
  ~Claim();

  // OK; or how other users can replace the socket, where that was allowed.
  const absl::Status& path_trust() const { return path_trust_; }

  // OK; or why there is no lock beside the path (uds/path_lock.h), so that of two servers that are
  // started at once one may fail with another error than AlreadyExists.
  const absl::Status& path_lock() const { return lock_.why_none(); }

  // Binds `socket` under a private name beside the path. Call once, before listen(2).
  // PermissionDenied: this user may not give the socket that group, or not write there.
  absl::Status Bind(int socket, const SocketPermissions& permissions);

  // Moves the bound socket to the path. Call after listen(2).
  absl::Status Publish();

  // Whether the path still leads to the published socket. NotFound: it was removed;
  // FailedPrecondition: something else is there. New clients cannot find this server then.
  absl::Status CheckStillOurs() const;

  // Tells when that may have changed. After Publish().
  PathWatch Watch() const { return PathWatch(ours_); }

  // Removes the path if it is still ours, and gives the lock back in any case. The status is that
  // of CheckStillOurs(): a path that is not ours is left as it is. Later calls do nothing.
  absl::Status Release();

 private:
  Claim(Directory directory, absl::Status path_trust)
      : directory_(std::move(directory)), path_trust_(std::move(path_trust)) {}

  absl::Status TakePath(const ClaimOptions& options);
  absl::Status MakePrivateNameFree();
  absl::Status PublishWherePathIsFree();
  absl::Status PublishOverStale();
  absl::Status CannotReplace(int error) const;

  std::string path() const { return directory_.Show(directory_.base_name()); }

  Directory directory_;
  absl::Status path_trust_;
  PathLock lock_;
  std::string private_name_;
  UniqueFd stale_;        // a dead server's socket at the path; invalid when there is none
  UniqueFd ours_;         // the socket file that was bound; invalid before and after
  std::string our_name_;  // where it is
};

}  // namespace uds

#endif  // UDS_CLAIM_H_
