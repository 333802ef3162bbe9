// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/path_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace uds {
namespace {

using ::support::IsOk;
using ::support::StatusIs;

class PathWatchTest : public ::testing::Test {
 protected:
  PathWatchTest() : listener_(Listener::Open(AddressOf(path_)).value()) {}

  // Whether the descriptor tells of something; what has happened by now is told by now.
  bool Tells() const {
    pollfd readable = {listener_.watch_fd(), POLLIN, 0};
    return poll(&readable, 1, 0) == 1;
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  const std::string elsewhere_ = dir_.Path("elsewhere");
  Listener listener_;
};

TEST_F(PathWatchTest, IsSilentWhileNothingHappens) {
  ASSERT_GE(listener_.watch_fd(), 0);
  EXPECT_FALSE(Tells());
  EXPECT_THAT(listener_.CheckStillOurs(), IsOk());
}

TEST_F(PathWatchTest, IsSilentAboutWhatIsDoneBeside) {
  LeaveDeadSocket(elsewhere_);
  EXPECT_EQ(unlink(elsewhere_.c_str()), 0);
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_FALSE(Tells());
}

TEST_F(PathWatchTest, TellsOfRemoval) {
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_TRUE(Tells());
  EXPECT_THAT(listener_.CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_FALSE(Tells());  // until something else happens
}

TEST_F(PathWatchTest, TellsOfReplacement) {
  LeaveDeadSocket(elsewhere_);
  ASSERT_EQ(std::rename(elsewhere_.c_str(), path_.c_str()), 0);
  EXPECT_TRUE(Tells());
  EXPECT_THAT(listener_.CheckStillOurs(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(PathWatchTest, TellsOfMovingAwayAndBack) {
  ASSERT_EQ(std::rename(path_.c_str(), elsewhere_.c_str()), 0);
  EXPECT_TRUE(Tells());
  EXPECT_THAT(listener_.CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_EQ(std::rename(elsewhere_.c_str(), path_.c_str()), 0);
  EXPECT_TRUE(Tells());
  EXPECT_THAT(listener_.CheckStillOurs(), IsOk());
  EXPECT_FALSE(Tells());
}

TEST_F(PathWatchTest, MissesNothing) { EXPECT_THAT(listener_.watch_gap(), IsOk()); }

TEST_F(PathWatchTest, StartsAnewWithTheSocketThatIsMadeAgain) {
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(unlink(path_.c_str()), 0);
    EXPECT_TRUE(Tells());
    ASSERT_THAT(listener_.Restore(), IsOk());
    EXPECT_THAT(listener_.Accept(), IsOk());  // nobody waits at the socket of before
    EXPECT_THAT(listener_.CheckStillOurs(), IsOk());
    EXPECT_FALSE(Tells());
  }
}

// A path whose directories go away, with the socket in them.
class WayTest : public PathWatchTest {
 protected:
  WayTest() {
    CheckThat(mkdir(dir_.Path("a").c_str(), 0700) == 0, "mkdir");
    CheckThat(mkdir(dir_.Path("a/b").c_str(), 0700) == 0, "mkdir");
    CheckThat(symlink("a", dir_.Path("link").c_str()) == 0, "symlink");
    listener_ = Listener::Open(AddressOf(dir_.Path("link/b/s"))).value();
  }
  void ExpectTold() {
    EXPECT_TRUE(Tells());
    EXPECT_THAT(listener_.CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
    EXPECT_FALSE(Tells());
  }
};

TEST_F(WayTest, TellsOfItsDirectorysMoving) {
  ASSERT_EQ(std::rename(dir_.Path("a/b").c_str(), elsewhere_.c_str()), 0);
  ExpectTold();
}

TEST_F(WayTest, TellsOfTheMovingOfTheDirectoryAbove) {
  ASSERT_EQ(std::rename(dir_.Path("a").c_str(), elsewhere_.c_str()), 0);
  ExpectTold();
}

TEST_F(WayTest, TellsOfASymbolicLinkThatLeadsElsewhere) {
  ASSERT_EQ(symlink("nowhere", elsewhere_.c_str()), 0);
  ASSERT_EQ(std::rename(elsewhere_.c_str(), dir_.Path("link").c_str()), 0);
  ExpectTold();
}

TEST_F(WayTest, IsSilentAboutWhatIsDoneInItsDirectories) {
  LeaveDeadSocket(dir_.Path("a/b/other"));
  EXPECT_EQ(mkdir(dir_.Path("a/other").c_str(), 0700), 0);
  EXPECT_EQ(rmdir(dir_.Path("a/other").c_str()), 0);
  EXPECT_FALSE(Tells());
}

TEST_F(PathWatchTest, SaysWhatItMissesWithoutDescriptors) {
  support::ChildProcess child([&](support::Doorbell&) {
    for (int free = 0; free < 3; ++free) {
      const UniqueFd file(open(path_.c_str(), O_PATH | O_CLOEXEC));
      std::vector<UniqueFd> all;
      rlimit limit = {64, 64};
      CheckThat(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
      while ((all.emplace_back(dup(file.get())), all.back().valid())) {
      }
      all.resize(all.size() - 1 - static_cast<std::size_t>(free));
      const PathWatch watch(file, path_);
      EXPECT_THAT(watch.gap(), StatusIs(absl::StatusCode::kResourceExhausted)) << free;
      watch.Clear();
    }
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(PathWatchTest, GoesWithTheListener) {
  const Listener moved = std::move(listener_);
  ASSERT_EQ(unlink(path_.c_str()), 0);
  pollfd readable = {moved.watch_fd(), POLLIN, 0};
  EXPECT_EQ(poll(&readable, 1, 0), 1);
  EXPECT_THAT(moved.CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
}

TEST(PathWatchOfNothingTest, HasNoDescriptor) {
  const support::TempDir dir;
  EXPECT_EQ(PathWatch().fd(), -1);
  const Listener handed_in = Listener::Of(Listening(dir.Path("s")), AddressOf(dir.Path("s")));
  EXPECT_EQ(handed_in.watch_fd(), -1);
  EXPECT_THAT(handed_in.CheckStillOurs(), IsOk());
}

}  // namespace
}  // namespace uds
