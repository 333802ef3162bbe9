// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path that was lost while its server runs, and is made to lead there again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;
using ::testing::HasSubstr;

constexpr absl::StatusCode kGone = absl::StatusCode::kNotFound;
constexpr absl::StatusCode kInUse = absl::StatusCode::kAlreadyExists;
constexpr absl::StatusCode kRefused = absl::StatusCode::kFailedPrecondition;

class RestoreTest : public ::testing::Test {
 protected:
  RestoreTest() {
    CheckThat(mkdir(inner_.c_str(), 0700) == 0, "mkdir");
    listener_ = Listener::Open(AddressOf(path_), {.mode = 0620}).value();
  }

  // How many wait to be accepted.
  int Accepted() {
    for (int count = 0;; ++count) {
      absl::StatusOr<std::optional<UniqueFd>> connection = listener_->Accept();
      EXPECT_THAT(connection, IsOk());
      if (!connection.ok() || !connection->has_value()) return count;
    }
  }
  void ExpectServes() {
    EXPECT_THAT(listener_->CheckStillOurs(), IsOk());
    EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0620);
    EXPECT_THAT(Listener::Open(AddressOf(path_)), StatusIs(kInUse));
    Accepted();  // who looked whether anybody is there
    EXPECT_TRUE(Dial(path_).valid());
    EXPECT_EQ(Accepted(), 1);
  }

  const support::TempDir dir_;
  const std::string inner_ = dir_.Path("d");
  const std::string path_ = inner_ + "/s";
  std::optional<Listener> listener_;
};

TEST_F(RestoreTest, ASocketThatWasRemoved) {
  const UniqueFd waits = Dial(path_);
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_THAT(listener_->CheckStillOurs(), StatusIs(kGone));
  ASSERT_THAT(listener_->Restore(), IsOk());
  EXPECT_EQ(Accepted(), 1);  // at the socket of before
  ExpectServes();
  EXPECT_THAT(listener_->Release(), IsOk());
  EXPECT_FALSE(Exists(path_));
}

TEST_F(RestoreTest, AgainAndAgain) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(unlink(path_.c_str()), 0);
    ASSERT_THAT(listener_->Restore(), IsOk());
    ExpectServes();
  }
}

TEST_F(RestoreTest, NotWhileClientsWaitAtTheLastOne) {
  const UniqueFd waits = Dial(path_);
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_THAT(listener_->Restore(), IsOk());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_THAT(listener_->Restore(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Accepted(), 1);
  ASSERT_THAT(listener_->Restore(), IsOk());
  ExpectServes();
}

TEST_F(RestoreTest, ASocketThatWasMovedHasBothNames) {
  const std::string elsewhere = inner_ + "/elsewhere";
  ASSERT_EQ(std::rename(path_.c_str(), elsewhere.c_str()), 0);
  ASSERT_THAT(listener_->Restore(), IsOk());
  EXPECT_EQ(Stat(path_).st_ino, Stat(elsewhere).st_ino);
  EXPECT_TRUE(Dial(elsewhere).valid());
  EXPECT_EQ(Accepted(), 1);
  ExpectServes();
}

TEST_F(RestoreTest, AnotherServersSocketIsLeft) {
  ASSERT_EQ(unlink(path_.c_str()), 0);
  const UniqueFd other = Listening(path_);
  const ino_t inode = Stat(path_).st_ino;
  EXPECT_THAT(listener_->CheckStillOurs(), StatusIs(kRefused, HasSubstr("another socket")));
  EXPECT_THAT(listener_->Restore(), StatusIs(kInUse));
  EXPECT_EQ(Stat(path_).st_ino, inode);
  EXPECT_THAT(listener_->Release(), StatusIs(kRefused));
  EXPECT_TRUE(Dial(path_).valid());
}

TEST_F(RestoreTest, AFileIsLeft) {
  ASSERT_EQ(unlink(path_.c_str()), 0);
  std::ofstream(path_) << "precious";
  EXPECT_THAT(listener_->CheckStillOurs(), StatusIs(kRefused, HasSubstr("a regular file")));
  EXPECT_THAT(listener_->Restore(), StatusIs(kRefused));
  EXPECT_EQ(Stat(path_).st_size, 8);
}

TEST_F(RestoreTest, ADirectoryThatWasRemovedAndMadeAgain) {
  std::filesystem::remove_all(inner_);
  EXPECT_THAT(listener_->CheckStillOurs(), StatusIs(kGone));
  EXPECT_THAT(listener_->Restore(), StatusIs(kGone, HasSubstr(path_)));
  ASSERT_EQ(mkdir(inner_.c_str(), 0700), 0);
  ASSERT_THAT(listener_->Restore(), IsOk());
  ExpectServes();  // with a lock of the new directory
}

TEST_F(RestoreTest, ADirectoryThatWasMovedAndMadeAgain) {
  ASSERT_EQ(std::rename(inner_.c_str(), dir_.Path("elsewhere").c_str()), 0);
  EXPECT_THAT(listener_->CheckStillOurs(), StatusIs(kGone));
  ASSERT_EQ(mkdir(inner_.c_str(), 0700), 0);
  ASSERT_THAT(listener_->Restore(), IsOk());
  ExpectServes();
  // The new lock knows whose it is.
  absl::StatusOr<Listener> next =
      Listener::Open(AddressOf(path_), {.mode = 0620, .claim = {.take_over = true}});
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT(next->Publish(), IsOk());
}

TEST_F(RestoreTest, NotInADirectoryThatOthersMayWrite) {
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_EQ(chmod(inner_.c_str(), 0777), 0);
  EXPECT_THAT(listener_->Restore(), StatusIs(kRefused));
  EXPECT_FALSE(Exists(path_));
}

TEST_F(RestoreTest, TheLockFileTooIfItWasRemoved) {
  for (const char* const name : {"/s", "/s.lock"}) {
    ASSERT_EQ(unlink((inner_ + name).c_str()), 0);
  }
  ASSERT_THAT(listener_->Restore(), IsOk());
  ExpectServes();
}

TEST_F(RestoreTest, NotWhereAnotherHasTheLock) {
  ASSERT_EQ(std::rename(inner_.c_str(), dir_.Path("elsewhere").c_str()), 0);
  ASSERT_EQ(mkdir(inner_.c_str(), 0700), 0);
  std::optional<Claim> other = Claim::Take(AddressOf(path_)).value();
  EXPECT_THAT(listener_->Restore(), StatusIs(kInUse));
  other.reset();
  ASSERT_THAT(listener_->Restore(), IsOk());
  ExpectServes();
}

// As when what was mounted over it is unmounted: there is a socket of before again, which nobody
// listens at.
TEST_F(RestoreTest, AnEarlierSocketOfItsOwnIsNotInTheWay) {
  std::string other = "/dev/shm/XXXXXX";
  if (mkdtemp(other.data()) == nullptr) GTEST_SKIP() << "there is no second file system";
  const std::string link = dir_.Path("link");
  ASSERT_EQ(symlink(inner_.c_str(), link.c_str()), 0);
  {
    ASSERT_THAT(listener_->Release(), IsOk());
    listener_ = Listener::Open(AddressOf(link + "/s"), {.mode = 0620}).value();
    ASSERT_EQ(unlink(link.c_str()), 0);
    ASSERT_EQ(symlink(other.c_str(), link.c_str()), 0);
    ASSERT_THAT(listener_->Restore(), IsOk());
    EXPECT_EQ(Accepted(), 0);
    EXPECT_TRUE(Exists(other + "/s"));
    ASSERT_EQ(unlink(link.c_str()), 0);
    ASSERT_EQ(symlink(inner_.c_str(), link.c_str()), 0);
    EXPECT_THAT(listener_->CheckStillOurs(), StatusIs(kGone));
    ASSERT_THAT(listener_->Restore(), IsOk());
    ExpectServes();
  }
  std::filesystem::remove_all(other);
}

TEST_F(RestoreTest, NothingWhereThereIsNoPath) {
  Listener handed_in = Listener::Of(Listening(dir_.Path("h")), AddressOf(dir_.Path("h")));
  EXPECT_THAT(handed_in.Restore(), StatusIs(kRefused));
}

}  // namespace
}  // namespace uds
