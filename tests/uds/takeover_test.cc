// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A path that a new listener takes from a live one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/uds/raw_socket.h"
#include "uds/listener.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uid_t kOther = 20001;

class TakeoverTest : public testing::Test {
 protected:
  absl::StatusOr<Listener> Open(const ListenerOptions& options = {}) {
    return Listener::Open(AddressOf(path_), options);
  }
  // Not published yet.
  absl::StatusOr<Listener> Begin(ListenerOptions options = {}) {
    options.claim.take_over = true;
    return Open(options);
  }
  absl::StatusOr<Listener> TakeOver(const ListenerOptions& options = {}) {
    absl::StatusOr<Listener> listener = Begin(options);
    if (!listener.ok()) return listener;
    if (absl::Status published = listener->Publish(); !published.ok()) return published;
    return listener;
  }

  // Whether a client that connects now comes to `listener`, and to it alone.
  static bool IsReached(Listener* listener, const std::string& path) {
    const UniqueFd client = Dial(path);
    const absl::StatusOr<std::optional<UniqueFd>> accepted = listener->Accept();
    return client.valid() && accepted.ok() && accepted->has_value();
  }

  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(dir_.path())) {
      names.push_back(file.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // The path is as it was, and the listener serves.
  void ExpectUnchanged(Listener* listener) {
    EXPECT_THAT(listener->CheckStillOurs(), IsOk());
    EXPECT_TRUE(IsReached(listener, path_));
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(TakeoverTest, ClientsComeToTheNewOneAndTheOldOneKnows) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  const UniqueFd waiting = Dial(path_);
  absl::StatusOr<Listener> after = TakeOver({.mode = 0660});
  ASSERT_THAT(after, IsOk());
  EXPECT_TRUE(after->takes_over());
  EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0660);
  EXPECT_THAT(before->CheckStillOurs(),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("was taken over")));
  EXPECT_THAT(after->CheckStillOurs(), IsOk());
  EXPECT_TRUE(IsReached(&*after, path_));
  // Who came before is the old one's still.
  const absl::StatusOr<std::optional<UniqueFd>> accepted = before->Accept();
  ASSERT_THAT(accepted, IsOk());
  EXPECT_TRUE(accepted->has_value());
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

TEST_F(TakeoverTest, TheOldOneRemovesNothingAndTheNewOneAll) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  absl::StatusOr<Listener> after = TakeOver();
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(before->Release(), StatusIs(absl::StatusCode::kAlreadyExists));
  ExpectUnchanged(&*after);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
  EXPECT_THAT(Open(), StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(after->Release(), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(TakeoverTest, AgainAndAgain) {
  absl::StatusOr<Listener> listener = Open();
  for (int i = 0; i < 20; ++i) {
    absl::StatusOr<Listener> next = TakeOver();
    ASSERT_THAT(next, IsOk());
    EXPECT_TRUE(IsReached(&*next, path_));
    listener = std::move(next);
    ExpectUnchanged(&*listener);
  }
}

TEST_F(TakeoverTest, WithoutAnotherServerItJustServes) {
  for (const bool is_dead : {false, true}) {
    if (is_dead) LeaveDeadSocket(path_);
    absl::StatusOr<Listener> listener = TakeOver();
    ASSERT_THAT(listener, IsOk());
    EXPECT_FALSE(listener->takes_over());
    EXPECT_TRUE(IsReached(&*listener, path_));
    EXPECT_THAT(listener->Release(), IsOk());
    EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
  }
}

TEST_F(TakeoverTest, OneAtATime) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  {
    const absl::StatusOr<Listener> first = Begin();
    ASSERT_THAT(first, IsOk());
    EXPECT_THAT(Begin(),
                StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("just taking it over")));
    ExpectUnchanged(&*before);
  }
  EXPECT_THAT(TakeOver(), IsOk());
}

TEST_F(TakeoverTest, WhatIsNotPublishedHasChangedNothing) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(Begin(), IsOk());
  ExpectUnchanged(&*before);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

TEST_F(TakeoverTest, AServerThatEndsMeanwhileLeavesThePath) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  absl::StatusOr<Listener> after = Begin();
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(before->Release(), IsOk());
  EXPECT_THAT(after->Publish(), IsOk());
  ExpectUnchanged(&*after);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

TEST_F(TakeoverTest, SoDoesAServerThatIsKilledMeanwhile) {
  ChildProcess child([&](Doorbell& parent) {
    absl::StatusOr<Listener> before = Open();
    EXPECT_THAT(before, IsOk());
    parent.Ring();
    parent.Wait();
    return 0;
  });
  ASSERT_TRUE(child.bell().Wait());
  absl::StatusOr<Listener> after = Begin();
  ASSERT_THAT(after, IsOk());
  child.Kill(SIGKILL);
  ASSERT_EQ(child.Wait(), 128 + SIGKILL);
  EXPECT_THAT(after->Publish(), IsOk());
  ExpectUnchanged(&*after);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

TEST_F(TakeoverTest, WhoComesInBetweenKeepsThePath) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  absl::StatusOr<Listener> after = Begin();
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(before->Release(), IsOk());
  const UniqueFd other = Listening(path_);
  EXPECT_THAT(after->Publish(), StatusIs(absl::StatusCode::kAlreadyExists));
  after = absl::CancelledError();
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_THAT(Names(), ElementsAre("s"));
}

// Nobody would tell such a server that it has to go.
TEST_F(TakeoverTest, AServerWithoutALockKeepsItsPath) {
  const UniqueFd server = Listening(path_);
  EXPECT_THAT(TakeOver(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                   AllOf(HasSubstr("no lock"), HasSubstr("restart its service"))));
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_THAT(Names(), ElementsAre("s"));
}

// As when a service manager has put its socket in the place of ours.
TEST_F(TakeoverTest, TheLockOfAnotherServerIsNoneOfItsOwn) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  ASSERT_EQ(unlink(path_.c_str()), 0);
  const UniqueFd server = Listening(path_);
  EXPECT_THAT(TakeOver(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no lock")));
  EXPECT_TRUE(Dial(path_).valid());
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

TEST_F(TakeoverTest, AnotherUsersServerKeepsItsPath) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  ASSERT_EQ(chmod(dir_.path().c_str(), 0777 | S_ISVTX), 0);
  ChildProcess child([&](Doorbell& parent) {
    if (!support::BecomeUser(kOther)) return 1;
    absl::StatusOr<Listener> listener =
        Open({.mode = 0666, .claim = {.allow_shared_directory = true}});
    EXPECT_THAT(listener, IsOk());
    parent.Ring();
    parent.Wait();
    EXPECT_THAT(listener->CheckStillOurs(), IsOk());
    return 0;
  });
  ASSERT_TRUE(child.bell().Wait());
  EXPECT_THAT(TakeOver({.claim = {.allow_shared_directory = true}}),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("uid 20001"), HasSubstr("only that user"))));
  child.bell().Ring();
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(TakeoverTest, WhatAKilledTakeoverHasLeftIsRemoved) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  LeaveDeadSocket(dir_.Path(".s.new"));
  absl::StatusOr<Listener> after = TakeOver();
  ASSERT_THAT(after, IsOk());
  EXPECT_TRUE(IsReached(&*after, path_));
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

// Other users may put anything there, where they can write.
TEST_F(TakeoverTest, WhatIsInTheWayIsLeftAloneAndKeepsNobodyOut) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  const std::vector<std::string> names = {".s.new", ".s.lock", "s.takeover"};
  for (const std::string& name : names) std::ofstream(dir_.Path(name)) << "precious";
  absl::StatusOr<Listener> after = TakeOver();
  ASSERT_THAT(after, IsOk());
  EXPECT_TRUE(IsReached(&*after, path_));
  EXPECT_THAT(Names(), ElementsAre(".s.lock", ".s.new", "s", "s.lock", "s.takeover"));
  for (const std::string& name : names) EXPECT_EQ(std::filesystem::file_size(dir_.Path(name)), 8U);
}

// The old server would not know by whom its path was taken.
TEST_F(TakeoverTest, ALockThatCannotBeWrittenChangesNothing) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  ChildProcess child([&](Doorbell&) {
    // As on a full disk. Sockets can still be made.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit none = {0, 0};
    CheckThat(setrlimit(RLIMIT_FSIZE, &none) == 0, "setrlimit");
    EXPECT_THAT(TakeOver().status(), Not(IsOk()));
    return 0;
  });
  EXPECT_EQ(child.Wait(), 0);
  ExpectUnchanged(&*before);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
  EXPECT_THAT(TakeOver(), IsOk());
}

TEST_F(TakeoverTest, APermissionThatCannotBeHadChangesNothing) {
  absl::StatusOr<Listener> before = Open();
  ASSERT_THAT(before, IsOk());
  EXPECT_THAT(TakeOver({.mode = 01777}), StatusIs(absl::StatusCode::kInvalidArgument));
  ExpectUnchanged(&*before);
  EXPECT_THAT(Names(), ElementsAre("s", "s.lock"));
}

// The kernel knows the new socket by its first name: a cleaner may take it for one that nobody has.
TEST_F(TakeoverTest, APathThatIsCleanedUpIsMadeAgain) {
  absl::StatusOr<Listener> before = Open();
  absl::StatusOr<Listener> after = TakeOver();
  ASSERT_THAT(after, IsOk());
  EXPECT_THAT(before->Release(), StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_THAT(after->CheckStillOurs(), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(after->Restore(), IsOk());
  EXPECT_TRUE(IsReached(&*after, path_));
}

}  // namespace
}  // namespace uds
