// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The lock beside a path: it keeps out servers of this user, and nobody else; and waiting for it.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
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
using ::testing::HasSubstr;

constexpr absl::StatusCode kInUse = absl::StatusCode::kAlreadyExists;
constexpr absl::Duration kLong = absl::Seconds(60);  // never waited for
constexpr uid_t kOther = 20001;

class ClaimLockTest : public testing::Test {
 protected:
  absl::StatusOr<Listener> Open(const ClaimOptions& options = {}) {
    return Listener::Open(AddressOf(path_), {.claim = options});
  }

  // Opens as that user; for use in a child.
  int OpenAs(uid_t uid) {
    if (!support::BecomeUser(uid)) return 1;
    EXPECT_THAT(Open(), IsOk());
    return 0;
  }

  support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  const std::string lock_path_ = dir_.Path("s.lock");
};

TEST_F(ClaimLockTest, IsThereWhileItIsHeldAndIsItsUsersAlone) {
  for (const mode_t mask : {0000, 0022, 0777}) {
    const mode_t before = umask(mask);
    absl::StatusOr<Listener> listener = Open();
    umask(before);
    ASSERT_THAT(listener, IsOk());
    EXPECT_EQ(Stat(lock_path_).st_mode, S_IFREG | 0600);
    EXPECT_THAT(listener->path_lock(), IsOk());
    EXPECT_THAT(Open(), StatusIs(kInUse));
    EXPECT_THAT(listener->Release(), IsOk());
    EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
  }
}

TEST_F(ClaimLockTest, IsTakenOverFromAKilledServerAndRemovedThen) {
  ChildProcess child([&](Doorbell& parent) {
    absl::StatusOr<Listener> listener = Open();
    EXPECT_THAT(listener, IsOk());
    parent.Ring();
    parent.Wait();
    return 0;
  });
  ASSERT_TRUE(child.bell().Wait());
  child.Kill(SIGKILL);
  ASSERT_EQ(child.Wait(), 128 + SIGKILL);
  ASSERT_TRUE(Exists(lock_path_));
  EXPECT_THAT(Open(), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

// What is there under the lock's name may be anything: Cargo.lock, or another user's bad joke.
TEST_F(ClaimLockTest, WhatIsNoLockOfOursKeepsNobodyOutAndIsLeftAlone) {
  const std::string precious = dir_.Path("precious");
  std::ofstream(precious) << "precious";
  const std::vector<std::pair<const char*, std::function<bool()>>> kinds = {
      {"a file", [&] { return (std::ofstream(lock_path_) << "precious").good(); }},
      {"an empty file", [&] { return (std::ofstream(lock_path_) << "").good(); }},
      {"a symlink", [&] { return symlink("precious", lock_path_.c_str()) == 0; }},
      {"a symlink to nothing", [&] { return symlink("nothing", lock_path_.c_str()) == 0; }},
      {"a link", [&] { return link(precious.c_str(), lock_path_.c_str()) == 0; }},
      {"a directory", [&] { return mkdir(lock_path_.c_str(), 0700) == 0; }},
      {"a FIFO", [&] { return mkfifo(lock_path_.c_str(), 0600) == 0; }}};
  for (const auto& [kind, make] : kinds) {
    ASSERT_TRUE(make()) << kind;
    const struct stat before = Stat(lock_path_);
    {
      absl::StatusOr<Listener> listener = Open();
      ASSERT_THAT(listener, IsOk()) << kind;
      EXPECT_THAT(listener->path_lock(),
                  StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(lock_path_)))
          << kind;
      EXPECT_THAT(Open(), StatusIs(kInUse)) << kind;
    }
    const struct stat after = Stat(lock_path_);
    EXPECT_EQ(after.st_ino, before.st_ino) << kind;
    EXPECT_EQ(after.st_size, before.st_size) << kind;
    EXPECT_EQ(after.st_mode, before.st_mode) << kind;
    EXPECT_FALSE(Exists(path_)) << kind;
    EXPECT_FALSE(Exists(dir_.Path("nothing"))) << kind;
    ASSERT_EQ(remove(lock_path_.c_str()), 0) << kind;
  }
}

// As `flock /tmp/s.lock server /tmp/s` does.
TEST_F(ClaimLockTest, AnothersLockOnAFileOfThatNameKeepsNobodyOut) {
  for (const mode_t mode : {0644, 0600}) {
    const UniqueFd fd(open(lock_path_.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, mode));
    ASSERT_EQ(flock(fd.get(), LOCK_EX), 0);
    EXPECT_THAT(Open(), IsOk());
    EXPECT_TRUE(Exists(lock_path_));
    ASSERT_EQ(unlink(lock_path_.c_str()), 0);
  }
}

TEST_F(ClaimLockTest, AnotherUsersLockFileKeepsNobodyOut) {
  ASSERT_EQ(chmod(dir_.path().c_str(), 01777), 0);
  ChildProcess child([&](Doorbell& parent) {
    if (!support::BecomeUser(kOther)) return 1;
    const UniqueFd fd(open(lock_path_.c_str(), O_RDONLY | O_CREAT | O_CLOEXEC, 0644));
    EXPECT_EQ(flock(fd.get(), LOCK_EX), 0);
    parent.Ring();
    parent.Wait();
    return 0;
  });
  if (!child.bell().Wait()) GTEST_SKIP() << "needs root, to become another user";
  EXPECT_THAT(Open(), IsOk());
  ChildProcess third([&](Doorbell&) { return OpenAs(kOther + 1); });
  EXPECT_EQ(third.Wait(), 0);
  EXPECT_EQ(Stat(lock_path_).st_uid, kOther);
  child.bell().Ring();
  EXPECT_EQ(child.Wait(), 0);
}

TEST_F(ClaimLockTest, EveryUserCanStartWhereAnotherHasStopped) {
  ASSERT_EQ(chmod(dir_.path().c_str(), 01777), 0);
  for (const uid_t uid : {kOther, kOther + 1, static_cast<uid_t>(0), kOther}) {
    ChildProcess child(
        [&](Doorbell&) { return uid == geteuid() ? Open().ok() ? 0 : 2 : OpenAs(uid); });
    const int code = child.Wait();
    if (code == 1) GTEST_SKIP() << "needs root, to become another user";
    EXPECT_EQ(code, 0) << uid;
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

// A server that drains: it takes no connections any more, and has the path.
class ClaimWaitTest : public ClaimLockTest {
 protected:
  ClaimWaitTest() {
    listener_ = Open().value();
    listener_->StopAccepting();
    EXPECT_FALSE(listener_->Accept()->has_value());
    listener_->Close();
  }

  // Waits; `step` is called for each pause, and says whether to go on.
  absl::StatusOr<Listener> Wait(const std::function<bool()>& step, absl::Duration wait = kLong) {
    return Open({.wait = wait,
                 .waiting = [this](const PathHolder& holder) { told_.push_back(holder); },
                 .pause =
                     [step](absl::Duration pause) {
                       absl::SleepFor(pause);
                       return step();
                     }});
  }

  std::optional<Listener> listener_;
  std::vector<PathHolder> told_;
};

TEST_F(ClaimWaitTest, WaitsForOneThatDrainsAndTellsOnce) {
  int after = 0;
  absl::StatusOr<Listener> next = Wait([&] {
    if (!told_.empty() && ++after == 3) listener_.reset();
    return true;
  });
  ASSERT_THAT(next, IsOk());
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_EQ(told_[0].uid, geteuid());
  EXPECT_EQ(told_[0].pid, getpid());
  EXPECT_TRUE(Dial(path_).valid());
}

TEST_F(ClaimWaitTest, WaitsForOneWhoseLockItCannotSee) {
  ASSERT_EQ(unlink(lock_path_.c_str()), 0);
  absl::StatusOr<Listener> next = Wait([&] {
    if (!told_.empty()) listener_.reset();
    return true;
  });
  EXPECT_THAT(next, IsOk());
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(ClaimWaitTest, TellsNothingIfItIsSoonOver) {
  EXPECT_THAT(Wait([&] { return listener_.reset(), true; }), IsOk());
  EXPECT_TRUE(told_.empty());
}

TEST_F(ClaimWaitTest, GivesUpInTheEnd) {
  EXPECT_THAT(Wait([] { return true; }, absl::Milliseconds(300)),
              StatusIs(kInUse, AllOf(HasSubstr(path_), HasSubstr(absl::StrCat("pid ", getpid())))));
  EXPECT_EQ(told_.size(), 1U);
  EXPECT_THAT(Open(), StatusIs(kInUse));  // at once: it is not to wait
}

TEST_F(ClaimWaitTest, CanBeStopped) {
  EXPECT_THAT(Wait([&] { return told_.empty(); }), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(listener_->CheckStillOurs(), IsOk());
}

TEST_F(ClaimWaitTest, DoesNotWaitForOneThatServes) {
  listener_.reset();
  listener_ = Open().value();
  EXPECT_THAT(Wait([] { return true; }), StatusIs(kInUse, HasSubstr(path_)));
  EXPECT_TRUE(told_.empty());
}

// The server was told to end right before: it may not know yet.
TEST_F(ClaimWaitTest, LooksAgainAtOneThatServes) {
  listener_.reset();
  listener_ = Open().value();
  EXPECT_THAT(Wait([&] { return listener_.reset(), true; }), IsOk());
}

}  // namespace
}  // namespace uds
