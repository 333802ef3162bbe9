// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path taken from the live server that has it, in one step: clients find the one or the other, and
// never nobody.
//
//   absl::StatusOr<Takeover> takeover = Takeover::Begin(directory, *std::move(occupant), lock);
//   bind(fd, ...takeover->name()...);
//   listen(fd, SOMAXCONN);                                // whoever connects from now on is served
//   absl::Status done = takeover->Complete(directory, socket_file, &lock);
//
// The new socket and the new lock file have names of their own at first, with a dot in front. Then
// each changes places with the other server's (RENAME_EXCHANGE), the lock first: by that the other
// server knows why it has lost its path. What was displaced is looked at, and put back if it is not
// what was found before. If the other server ends meanwhile, the path is taken as it is then.
//
// Only a server of this user which has claimed its path itself is displaced, as only such a one
// notices: its lock names its socket. A service manager's socket has no lock, and its service can be
// restarted without a loss anyway.
//
// The kernel remembers the name that a socket was bound to. So where /proc/net/unix is read, as
// systemd-tmpfiles does, the new socket has the other name. Should it be cleaned up, Claim::Restore()
// makes the path again.
//
// Thread safety: none. Ownership: while it is there, it is the only takeover of that server.

#ifndef UDS_TAKEOVER_H_
#define UDS_TAKEOVER_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "uds/directory.h"
#include "uds/path_lock.h"
#include "uds/path_occupant.h"
#include "uds/unique_fd.h"

namespace uds {

class Takeover {
 public:
  // From `occupant`, who is alive; `lock` is what PathLock::Take() gave. PERMISSION_DENIED: another
  // user's. FAILED_PRECONDITION: it has no lock. ALREADY_EXISTS: another takeover is under way, or the
  // server is just starting. Nothing is changed.
  static absl::StatusOr<Takeover> Begin(const Directory& directory, Occupant occupant,
                                        PathLock lock);

  // Where to bind the new socket.
  const std::string& name() const { return name_; }

  // Gives the path to the socket at name(), which is `ours`, and its lock to `lock`. Waits for a
  // fraction of a second if the other server is just ending. ALREADY_EXISTS: somebody else has the
  // path. After an error all is as it was, and the socket still at name().
  absl::Status Complete(const Directory& directory, const UniqueFd& ours, PathLock* lock);

 private:
  Takeover(PathLock theirs, UniqueFd socket, std::string name)
      : lock_(std::move(theirs)), socket_(std::move(socket)), name_(std::move(name)) {}

  absl::StatusOr<PathLock> Displace(const Directory& directory, const UniqueFd& ours) const;
  absl::Status ExchangeSockets(const Directory& directory) const;
  absl::Status TakeWhatIsLeft(const Directory& directory) const;

  PathLock lock_;    // of the other server, who holds it
  UniqueFd socket_;  // of the other server
  std::string name_;
};

}  // namespace uds

#endif  // UDS_TAKEOVER_H_
