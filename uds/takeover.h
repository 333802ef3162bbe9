// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path taken from the live server that has it, in one step: clients find the one or the other, and
// never nobody.
//
//   absl::StatusOr<Takeover> takeover = Takeover::Begin(directory, *std::move(occupant), lock);
//   bind(fd, ...takeover->name()...);
//   listen(fd, SOMAXCONN);                                // whoever connects from now on is served
//   absl::Status done = takeover->Complete(directory, &lock);
//
// The new socket and the new lock file have names of their own at first, with a dot in front. Then
// each changes places with the other server's (RENAME_EXCHANGE), the lock first: by that the other
// server knows why it has lost its path. What was displaced is looked at, and put back if it is not
// what was found before.
//
// Only a server of this user which has claimed its path itself is displaced, as only such a one
// notices. A service manager's socket is not: it has no lock, and its service can be restarted
// without a loss anyway.
//
// The kernel remembers the name that a socket was bound to. So where /proc/net/unix is read, as
// systemd-tmpfiles does, the new socket has the other name. Should it be cleaned up, Claim::Restore()
// makes the path again.
//
// Thread safety: none. Ownership: holds the lock `<path>.takeover`, so that there is one at a time.

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
  // user's. FAILED_PRECONDITION: it has no lock, or something is in the way. ALREADY_EXISTS: another
  // takeover is under way. ABORTED: the path is somebody else's by now; look again. Nothing is
  // changed then.
  static absl::StatusOr<Takeover> Begin(const Directory& directory, Occupant occupant,
                                        const PathLock& lock);

  // Where to bind the new socket.
  const std::string& name() const { return name_; }

  // Gives the path to the socket at name(), and the lock to `lock`. ALREADY_EXISTS: somebody took
  // the path meanwhile. After an error all is as it was, and the socket still at name().
  absl::Status Complete(const Directory& directory, PathLock* lock);

  // Lets others try. The socket at name(), if there is one, is the caller's to remove.
  void Release(const Directory& directory) { only_one_.Release(directory); }

 private:
  Takeover(PathLock only_one, UniqueFd theirs, std::string name)
      : only_one_(std::move(only_one)), theirs_(std::move(theirs)), name_(std::move(name)) {}

  absl::Status Exchange(const Directory& directory) const;

  PathLock only_one_;
  UniqueFd theirs_;  // the socket of the other server
  std::string name_;
};

}  // namespace uds

#endif  // UDS_TAKEOVER_H_
