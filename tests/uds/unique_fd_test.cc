// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <type_traits>
#include <utility>

namespace uds {
namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

int OpenNull() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

TEST(UniqueFdTest, ClosesAtTheEnd) {
  int number;
  {
    UniqueFd fd(OpenNull());
    number = fd.get();
    ASSERT_TRUE(fd.valid());
    ASSERT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, MovingHandsOver) {
  UniqueFd from(OpenNull());
  const int number = from.get();
  UniqueFd to(std::move(from));
  EXPECT_FALSE(from.valid());  // NOLINT(bugprone-use-after-move): that is the promise
  EXPECT_EQ(to.get(), number);
  EXPECT_TRUE(IsOpen(number));
}

TEST(UniqueFdTest, AssigningClosesTheOldOne) {
  UniqueFd a(OpenNull());
  UniqueFd b(OpenNull());
  const int old = a.get();
  const int kept = b.get();
  a = std::move(b);
  EXPECT_FALSE(IsOpen(old));
  EXPECT_EQ(a.get(), kept);
  EXPECT_TRUE(IsOpen(kept));
}

TEST(UniqueFdTest, ReleaseLeavesItOpen) {
  UniqueFd fd(OpenNull());
  const int number = fd.release();
  EXPECT_FALSE(fd.valid());
  EXPECT_TRUE(IsOpen(number));
  close(number);
}

TEST(UniqueFdTest, ResetKeepsErrno) {
  UniqueFd fd(OpenNull());
  close(fd.get());  // so that the close inside fails
  errno = ENOENT;
  fd.reset();
  EXPECT_EQ(errno, ENOENT);
}

TEST(UniqueFdTest, ZeroIsADescriptor) {
  UniqueFd fd(0);
  EXPECT_TRUE(fd.valid());
  EXPECT_EQ(fd.release(), 0);
}

TEST(UniqueFdTest, CannotBeMistakenForABoolOrCopied) {
  static_assert(!std::is_convertible_v<UniqueFd, bool>);
  static_assert(!std::is_constructible_v<bool, UniqueFd>);
  static_assert(!std::is_convertible_v<int, UniqueFd>);
  static_assert(!std::is_copy_constructible_v<UniqueFd>);
}

}  // namespace
}  // namespace uds
