// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"

namespace uds {

PathWatch::PathWatch(const UniqueFd& file) : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  // The number of links is an attribute: it changes with unlink(2), and for the file that a
  // rename(2) replaces. The socket itself lives on, so that its deletion would not be told.
  const std::string path = absl::StrCat("/proc/self/fd/", file.get());
  if (inotify_.valid() && inotify_add_watch(inotify_.get(), path.c_str(),
                                            IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF) < 0) {
    inotify_.reset();
  }
}

void PathWatch::Clear() const {
  // The kernel puts equal events that follow each other into one, and bounds its queue.
  alignas(inotify_event) std::array<char, 4096> events;
  while (TEMP_FAILURE_RETRY(read(inotify_.get(), events.data(), events.size())) > 0) {
  }
}

}  // namespace uds
