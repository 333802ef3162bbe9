// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace uds {

void OccupyStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // The lowest free number is `fd`, since those below are taken. Not O_CLOEXEC: a child's are
    // inherited.
    const int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (TEMP_FAILURE_RETRY(open("/dev/null", mode)) != fd) std::abort();
  }
}

}  // namespace uds
