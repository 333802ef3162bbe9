// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_watch.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace uds {
namespace {

absl::Status CannotWatch(absl::string_view what, int error) {
  switch (error) {
    case EMFILE:
      return absl::ResourceExhaustedError(
          "no inotify instance or descriptor is left for this user; raise "
          "fs.inotify.max_user_instances, or `ulimit -n`");
    case ENOSPC:
      return absl::ResourceExhaustedError(
          "no inotify watch is left for this user; raise fs.inotify.max_user_watches");
    default:
      return absl::ErrnoToStatus(error, absl::StrCat("cannot watch ", Printable(what)));
  }
}

// Where another machine, or a program behind FUSE, may remove a file, and inotify(7) is silent.
bool IsChangedFromElsewhere(const UniqueFd& file) {
  struct statfs system = {};
  if (fstatfs(file.get(), &system) != 0) return false;
  switch (static_cast<std::uint32_t>(system.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case V9FS_MAGIC:
    case AFS_SUPER_MAGIC:
    case AFS_FS_MAGIC:
    case CEPH_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
      return true;
    default:
      return false;
  }
}

}  // namespace

PathWatch::PathWatch(const UniqueFd& file, const std::string& path)
    : any_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!any_.valid()) {
    gap_ = CannotWatch(path, errno);
    return;
  }
  WatchMounts();
  inotify_ = UniqueFd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify_.valid()) {
    gap_.Update(CannotWatch(path, errno));
    return;
  }
  Collect(inotify_, EPOLLIN);
  WatchFile(file, path);
  WatchDirectories(path);
  std::error_code none;
  const std::filesystem::path real = std::filesystem::weakly_canonical(path, none);
  if (!none && real != path) WatchDirectories(real.string());
  if (gap_.ok() && IsChangedFromElsewhere(file)) {
    gap_ = absl::UnimplementedError(
        "the socket is on a file system that tells of no change from elsewhere");
  }
}

void PathWatch::WatchFile(const UniqueFd& file, const std::string& path) {
  // The number of links is an attribute: it changes with unlink(2), and for the file that a
  // rename(2) replaces. The socket itself lives on, so that its deletion would not be told.
  constexpr std::uint32_t kEvents = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF;
  const std::string held = absl::StrCat("/proc/self/fd/", file.get());
  if (inotify_add_watch(inotify_.get(), held.c_str(), kEvents) >= 0) return;
  const bool has_proc = errno != ENOENT;
  if (!has_proc && inotify_add_watch(inotify_.get(), path.c_str(), kEvents | IN_DONT_FOLLOW) >= 0) {
    return;
  }
  gap_.Update(CannotWatch(path, errno));
}

// Each prefix of the path but itself: a directory, or a symbolic link to one.
void PathWatch::WatchDirectories(absl::string_view path) {
  constexpr std::uint32_t kEvents = IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW;
  for (std::size_t slash = path.find('/', 1); slash != absl::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const std::string directory(path.substr(0, slash));
    if (inotify_add_watch(inotify_.get(), directory.c_str(), kEvents) < 0) {
      gap_.Update(CannotWatch(directory, errno));
    }
  }
}

void PathWatch::WatchMounts() {
  mounts_ = UniqueFd(open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!mounts_.valid()) {
    gap_ = CannotWatch("/proc/self/mountinfo", errno);
    return;
  }
  Collect(mounts_, EPOLLPRI);  // proc(5): each change of the mounts
}

void PathWatch::Collect(const UniqueFd& fd, unsigned events) {
  epoll_event wanted = {};
  wanted.events = events;
  if (epoll_ctl(any_.get(), EPOLL_CTL_ADD, fd.get(), &wanted) != 0) {
    gap_.Update(CannotWatch("the path", errno));
  }
}

void PathWatch::Clear() const {
  // The kernel puts equal events that follow each other into one, and bounds its queue.
  alignas(inotify_event) std::array<char, 4096> events;
  while (TEMP_FAILURE_RETRY(read(inotify_.get(), events.data(), events.size())) > 0) {
  }
  // To be asked is all that the list of mounts needs.
  std::array<epoll_event, 2> ready;
  epoll_wait(any_.get(), ready.data(), ready.size(), 0);
}

}  // namespace uds
