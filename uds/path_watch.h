// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tells when a file may have lost its name, got it back, or been replaced, without looking at it
// time and again.
//
//   uds::PathWatch watch(file);              // an O_PATH descriptor
//   // ... when watch.fd() polls readable:
//   watch.Clear();
//   LookAtThePath();
//
// It watches the file and not its directory: what others do beside it wakes nobody. It may tell of
// a change that is none, such as of the file's mode.
//
// Thread safety: const access from several threads is fine. Ownership: move-only; owns an inotify
// descriptor.

#ifndef UDS_PATH_WATCH_H_
#define UDS_PATH_WATCH_H_

#include "uds/unique_fd.h"

namespace uds {

class PathWatch {
 public:
  // Watches nothing.
  PathWatch() = default;

  // Watches nothing either when the kernel has no watch left to give (fs.inotify.max_user_*).
  explicit PathWatch(const UniqueFd& file);

  // Non-blocking, readable once there is something to look at; -1 when nothing is watched.
  int fd() const { return inotify_.get(); }

  // What was told so far is known. Call it before looking, so that nothing is missed in between.
  void Clear() const;

 private:
  UniqueFd inotify_;
};

}  // namespace uds

#endif  // UDS_PATH_WATCH_H_
