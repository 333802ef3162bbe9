// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace uds {

namespace {

bool CameWithTheProcess(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

}  // namespace

void OccupyStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (CameWithTheProcess(fd)) continue;
    const int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    int null = TEMP_FAILURE_RETRY(open("/dev/null", mode | O_CLOEXEC));
    // A root directory without /dev: this can be neither read nor written either.
    if (null < 0) null = TEMP_FAILURE_RETRY(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (null < 0) return;  // no number is free: nothing will be opened
    if (null == fd) {
      fcntl(fd, F_SETFD, 0);  // children inherit it, as they do the others
    } else {
      TEMP_FAILURE_RETRY(dup2(null, fd));
      close(null);
    }
  }
}

}  // namespace uds
