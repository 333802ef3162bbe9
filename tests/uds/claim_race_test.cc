// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What others may do in the middle of a claim. Two system calls are replaced by ones that let
// somebody act right before them, when it is too late to look.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <string>
#include <utility>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/claim.h"

namespace {

std::function<void()> before_rename;
std::function<void()> before_flock;
int rename_error = 0;  // if not 0, it fails

void RunOnce(std::function<void()>& act) {
  if (act) std::exchange(act, nullptr)();
}

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): glibc has __ in them
extern "C" int renameat2(int from_fd, const char* from, int to_fd, const char* to,
                         unsigned flags) noexcept {
  RunOnce(before_rename);
  if (rename_error != 0) {
    errno = rename_error;
    return -1;
  }
  return static_cast<int>(syscall(SYS_renameat2, from_fd, from, to_fd, to, flags));
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): as above
extern "C" int flock(int fd, int operation) noexcept {
  RunOnce(before_flock);
  return static_cast<int>(syscall(SYS_flock, fd, operation));
}

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;

class ClaimRaceTest : public testing::Test {
 protected:
  absl::Status Bind(Claim* claim) {
    fd_ = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const absl::Status status = claim->Bind(fd_.get(), {});
    if (status.ok()) CheckThat(listen(fd_.get(), 16) == 0, "listen");
    return status;
  }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  UniqueFd fd_;
};

TEST_F(ClaimRaceTest, GivesBackThePathOfOneWhoTookItAtTheLastMoment) {
  LeaveDeadSocket(path_);
  Claim claim = Claim::Take(AddressOf(path_)).value();
  UniqueFd other;
  ino_t inode = 0;
  before_rename = [&] {
    CheckThat(unlink(path_.c_str()) == 0, "unlink");
    other = Listening(path_);
    inode = Stat(path_).st_ino;
  };
  EXPECT_THAT(Bind(&claim), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(path_)));
  ASSERT_TRUE(other.valid());
  EXPECT_THAT(claim.Release(), IsOk());
  EXPECT_EQ(Stat(path_).st_ino, inode);
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_FALSE(Exists(dir_.Path(".s.old")));
}

TEST_F(ClaimRaceTest, TakesThePathThatWasFreedAtTheLastMoment) {
  LeaveDeadSocket(path_);
  Claim claim = Claim::Take(AddressOf(path_)).value();
  before_rename = [&] { CheckThat(unlink(path_.c_str()) == 0, "unlink"); };
  EXPECT_THAT(Bind(&claim), IsOk());
  EXPECT_TRUE(Dial(path_).valid());
}

// Such as NFS.
TEST_F(ClaimRaceTest, ReclaimsWhereTheFileSystemCannotRenameSo) {
  for (const int error : {EINVAL, ENOSYS, EACCES}) {
    LeaveDeadSocket(path_);
    Claim claim = Claim::Take(AddressOf(path_)).value();
    rename_error = error;
    const absl::Status bound = Bind(&claim);
    rename_error = 0;
    EXPECT_EQ(bound.code(),
              error == EACCES ? absl::StatusCode::kPermissionDenied : absl::StatusCode::kOk);
    EXPECT_EQ(Dial(path_).valid(), bound.ok());
  }
}

TEST_F(ClaimRaceTest, ALockOnADeletedFileIsNone) {
  before_flock = [&] { CheckThat(unlink((path_ + ".lock").c_str()) == 0, "unlink"); };
  absl::StatusOr<Claim> first = Claim::Take(AddressOf(path_));
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(before_flock, nullptr);
  EXPECT_THAT(Claim::Take(AddressOf(path_)), StatusIs(absl::StatusCode::kAlreadyExists));
}

}  // namespace
}  // namespace uds
