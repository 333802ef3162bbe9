// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who may do what to a claimed path: modes and groups. path_trust_test.cc has its directories.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <fstream>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/access_list.h"
#include "tests/uds/raw_socket.h"
#include "uds/claim.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;
constexpr int kMayNot = 77;

class ClaimPermissionsTest : public testing::Test {
 protected:
  // Claims, binds, listens, and gives the path's mode and group away.
  absl::StatusOr<struct stat> Publish(const SocketPermissions& permissions) {
    absl::StatusOr<Claim> claim = Claim::Take(AddressOf(path_));
    if (!claim.ok()) return claim.status();
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (absl::Status status = claim->Bind(fd.get(), permissions); !status.ok()) return status;
    CheckThat(listen(fd.get(), 16) == 0, "listen");
    return Stat(path_);
  }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  const std::string lock_path_ = dir_.Path("s.lock");
};

TEST_F(ClaimPermissionsTest, TheUmaskHasNoSay) {
  for (mode_t mask : {0000, 0022, 0077, 0777}) {
    for (mode_t mode : {0600, 0660, 0666, 0777, 0000}) {
      const mode_t before = umask(mask);
      absl::StatusOr<struct stat> socket = Publish({.mode = mode});
      umask(before);
      ASSERT_THAT(socket, IsOk());
      EXPECT_EQ(socket->st_mode, S_IFSOCK | mode);
    }
  }
}

TEST_F(ClaimPermissionsTest, ADefaultAccessListLetsNobodyIn) {
  const std::string directory = std::string(path_, 0, path_.rfind('/'));
  if (!SetAccessList(directory, {{.tag = ACL_USER, .permissions = 7, .id = 1001}},
                     "system.posix_acl_default")) {
    GTEST_SKIP() << "no access control lists here";
  }
  absl::StatusOr<Claim> claim = Claim::Take(AddressOf(path_));
  ASSERT_THAT(claim, IsOk());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_THAT(claim->Bind(fd.get(), {.mode = 0660}), IsOk());
  EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0660U);
  EXPECT_EQ(getxattr(path_.c_str(), "system.posix_acl_access", nullptr, 0), -1);
  EXPECT_EQ(errno, ENODATA);
}

TEST_F(ClaimPermissionsTest, IsNeverLooser) {
  std::atomic<bool> done = false;
  std::atomic<mode_t> seen = 0;
  std::atomic<int> sightings = 0;
  std::thread watcher([&] {
    while (!done) {
      struct stat file = {};
      if (lstat(path_.c_str(), &file) != 0) continue;
      seen = seen | file.st_mode;
      ++sightings;
    }
  });
  const mode_t before = umask(0);
  for (int i = 0; i < 500 || sightings < 500; ++i) EXPECT_THAT(Publish({}), IsOk());
  umask(before);
  done = true;
  watcher.join();
  EXPECT_EQ(seen, S_IFSOCK | 0600u);
}

TEST_F(ClaimPermissionsTest, RefusesModesBeyondPermissions) {
  EXPECT_THAT(Publish({.mode = 01777}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0777")));
  EXPECT_FALSE(Exists(path_));
}

TEST_F(ClaimPermissionsTest, SetsTheGroup) {
  EXPECT_EQ(Publish({.mode = 0660, .group = getegid()})->st_gid, getegid());
  constexpr gid_t kOther = 4321;
  absl::StatusOr<struct stat> socket = Publish({.mode = 0660, .group = kOther});
  if (!socket.ok()) GTEST_SKIP() << "needs root, to give files away";
  EXPECT_EQ(socket->st_gid, kOther);
  EXPECT_EQ(socket->st_mode, S_IFSOCK | 0660);
}

TEST_F(ClaimPermissionsTest, SaysThatItMayNotSetTheGroup) {
  ASSERT_EQ(chmod(dir_.path().c_str(), 01777), 0);
  ChildProcess child([&](Doorbell&) {
    if (!support::BecomeUser(1000)) return kMayNot;
    EXPECT_THAT(Publish({.mode = 0660, .group = 4321}),
                StatusIs(absl::StatusCode::kPermissionDenied,
                         AllOf(HasSubstr(path_), HasSubstr("4321"), HasSubstr("1000"))));
    EXPECT_FALSE(Exists(path_));
    return 0;
  });
  const int code = child.Wait();
  if (code == kMayNot) GTEST_SKIP() << "needs root, to become another user";
  EXPECT_EQ(code, 0);
}

TEST_F(ClaimPermissionsTest, SaysThatTheDirectoryIsMissing) {
  EXPECT_THAT(Claim::Take(AddressOf(dir_.Path("no/s"))),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(dir_.Path("no/s"))));
  std::ofstream(dir_.Path("file")) << "x";
  EXPECT_THAT(Claim::Take(AddressOf(dir_.Path("file/s"))),
              StatusIs(kRefused, HasSubstr(dir_.Path("file/s"))));
}

TEST_F(ClaimPermissionsTest, CannotDisplaceAnotherUsersServerInASharedDirectory) {
  ASSERT_EQ(chmod(dir_.path().c_str(), 01777), 0);
  LeaveDeadSocket(path_);  // of this user, so that the next one may not remove it
  ChildProcess child([&](Doorbell&) {
    if (!support::BecomeUser(1000)) return kMayNot;
    const ino_t inode = Stat(path_).st_ino;
    absl::StatusOr<struct stat> published = Publish({});
    EXPECT_FALSE(published.ok());
    EXPECT_THAT(published, StatusIs(absl::StatusCode::kPermissionDenied,
                                    AllOf(HasSubstr(path_), HasSubstr("belongs to uid 0"))));
    EXPECT_EQ(Stat(path_).st_ino, inode);
    EXPECT_FALSE(Exists(dir_.Path(".s.old")));
    return 0;
  });
  const int code = child.Wait();
  if (code == kMayNot) GTEST_SKIP() << "needs root, to become another user";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace uds
