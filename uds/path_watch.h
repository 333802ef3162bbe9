// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tells when a path may not lead to a file any more, or may do so again, without looking at it time
// and again.
//
//   uds::PathWatch watch(file, "/run/echo/sock1");   // an O_PATH descriptor, and where it is
//   // ... when watch.fd() polls readable:
//   watch.Clear();
//   LookAtThePath();
//   // and if (!watch.gap().ok()), from time to time
//
// It watches the file (removed, renamed, replaced), each directory and symbolic link on the way
// (moved or removed), and the mounts (one may cover the path). What others do in these directories
// wakes nobody. It may tell of a change that is none, such as of the file's mode.
//
// Thread safety: const access from several threads is fine. Ownership: move-only; owns three
// descriptors.

#ifndef UDS_PATH_WATCH_H_
#define UDS_PATH_WATCH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace uds {

class PathWatch {
 public:
  // Watches nothing, and misses nothing.
  PathWatch() = default;

  PathWatch(const UniqueFd& file, const std::string& path);

  // Non-blocking, readable once there is something to look at; -1 when nothing is watched.
  int fd() const { return any_.get(); }

  // OK if each change is told. ResourceExhausted: the kernel has no inotify instance or watch left
  // (fs.inotify.max_user_*), or no descriptor. Other errors: the kernel does not tell of some
  // change, as on network file systems, or this user may not watch some directory.
  const absl::Status& gap() const { return gap_; }

  // What was told so far is known. Call it before looking, so that nothing is missed in between.
  void Clear() const;

 private:
  void WatchFile(const UniqueFd& file, const std::string& path);
  void WatchDirectories(absl::string_view path);
  void WatchMounts();
  void Collect(const UniqueFd& fd, unsigned events);

  UniqueFd any_;  // an epoll(7) of the other two
  UniqueFd inotify_;
  UniqueFd mounts_;  // /proc/self/mountinfo
  absl::Status gap_;
};

}  // namespace uds

#endif  // UDS_PATH_WATCH_H_
