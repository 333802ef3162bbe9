// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/standard_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

#include "tests/support/child_process.h"

namespace uds {
namespace {

// What a child with these closed sees, as bits: 1 a new descriptor got a standard number, 2 reading
// standard input or writing the others did not fail with EBADF.
int Defects(int first_closed, int last_closed) {
  support::ChildProcess child([=](support::Doorbell&) {
    for (int fd = first_closed; fd <= last_closed; ++fd) close(fd);
    OccupyStandardDescriptors();
    int defects = open("/dev/null", O_RDWR | O_CLOEXEC) <= STDERR_FILENO ? 1 : 0;
    for (int fd = first_closed; fd <= last_closed; ++fd) {
      char byte = 0;
      const ssize_t result = fd == STDIN_FILENO ? read(fd, &byte, 1) : write(fd, &byte, 1);
      if (result >= 0 || errno != EBADF) defects |= 2;
    }
    return defects;
  });
  return child.Wait();
}

TEST(StandardDescriptorsTest, WhatIsClosedIsOccupied) {
  EXPECT_EQ(Defects(0, 0), 0);
  EXPECT_EQ(Defects(1, 1), 0);
  EXPECT_EQ(Defects(2, 2), 0);
  EXPECT_EQ(Defects(0, 2), 0);
}

TEST(StandardDescriptorsTest, WhatWasOpenedSinceTheStartIsReplaced) {
  support::ChildProcess child([](support::Doorbell&) {
    close(STDIN_FILENO);
    if (open("/dev/zero", O_RDONLY | O_CLOEXEC) != STDIN_FILENO) return 1;
    OccupyStandardDescriptors();
    char byte;
    if (read(STDIN_FILENO, &byte, 1) >= 0 || errno != EBADF) return 2;
    return fcntl(STDIN_FILENO, F_GETFD) == 0 ? 0 : 3;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST(StandardDescriptorsTest, WhatIsOpenStaysAsItIs) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  support::ChildProcess child([&](support::Doorbell&) {
    dup2(ends[1], STDOUT_FILENO);
    OccupyStandardDescriptors();
    return write(STDOUT_FILENO, "x", 1) == 1 ? 0 : 1;
  });
  EXPECT_EQ(child.Wait(), 0);
  char byte;
  EXPECT_EQ(read(ends[0], &byte, 1), 1);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace uds
