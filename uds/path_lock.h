// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The right to be the one server at a path: an flock(2) on the file `<path>.lock` beside it.
//
// The kernel gives the lock back when the holder ends, however it ends. The lock file itself is
// never deleted: were it, two servers could each hold a lock on a file of that name.
//
// Thread safety: const access from several threads is fine.
// Ownership: move-only; the lock is given back when the PathLock goes away.

#ifndef UDS_PATH_LOCK_H_
#define UDS_PATH_LOCK_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "uds/directory.h"
#include "uds/unique_fd.h"

namespace uds {

class PathLock {
 public:
  // Never waits. AlreadyExists: another process (or another PathLock of this one) holds it.
  // FailedPrecondition: what is there as a lock file is not one of this user's making: a
  // symlink, a directory, a file with other links, somebody else's. It is left as it is.
  static absl::StatusOr<PathLock> Take(const Directory& directory);

  // Whether the lock guards the path of this directory: the file that is locked is the one there.
  bool IsIn(const Directory& directory) const;

  // The lock file's inode: no two paths of one directory have the same.
  ino_t inode() const { return inode_; }

 private:
  PathLock(UniqueFd fd, ino_t inode) : fd_(std::move(fd)), inode_(inode) {}

  UniqueFd fd_;
  ino_t inode_;
};

}  // namespace uds

#endif  // UDS_PATH_LOCK_H_
