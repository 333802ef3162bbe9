// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/claim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/child_process.h"
#include "tests/support/status_matchers.h"
#include "tests/uds/claim_bed.h"
#include "tests/uds/raw_socket.h"

namespace uds {
namespace {

using ::support::ChildProcess;
using ::support::Doorbell;
using ::support::IsOk;
using ::support::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

using ClaimTest = ClaimBed;

TEST_F(ClaimTest, ServesAndLeavesNothing) {
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(IsServedBy(server->second));
  EXPECT_EQ(Stat(lock_path_).st_mode, S_IFREG | 0600);
  EXPECT_THAT(server->first.CheckStillOurs(), IsOk());
  EXPECT_THAT(server->first.Release(), IsOk());
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
  EXPECT_THAT(server->first.Release(), IsOk());
}

TEST_F(ClaimTest, NobodyConnectsBeforeItListens) {
  absl::StatusOr<Claim> claim = Take();
  ASSERT_THAT(claim, IsOk());
  EXPECT_FALSE(Exists(path_));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_THAT(claim->Bind(fd.get(), {}), IsOk());
  EXPECT_EQ(Stat(path_).st_mode, S_IFSOCK | 0600);
  EXPECT_FALSE(Dial(path_).valid());
  CheckThat(listen(fd.get(), 16) == 0, "listen");
  EXPECT_TRUE(Dial(path_).valid());
}

TEST_F(ClaimTest, GivesUpCleanlyBeforeItListens) {
  {
    absl::StatusOr<Claim> claim = Take();
    ASSERT_THAT(claim, IsOk());
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_THAT(claim->Bind(fd.get(), {}), IsOk());
  }
  EXPECT_FALSE(Exists(path_));
  EXPECT_THAT(Serve(), IsOk());
}

// As systemd-tmpfiles looks it up in /proc/net/unix.
TEST_F(ClaimTest, TheKernelKnowsTheSocketByItsPath) {
  for (const bool over_a_dead_one : {false, true}) {
    if (over_a_dead_one) LeaveDeadSocket(path_);
    absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
    ASSERT_THAT(server, IsOk());
    EXPECT_EQ(NameOf(server->second), path_);
  }
}

TEST_F(ClaimTest, TheKernelKnowsItByItsRealPath) {
  ASSERT_EQ(mkdir(dir_.Path("real").c_str(), 0700), 0);
  ASSERT_EQ(symlink("real", dir_.Path("link").c_str()), 0);
  const std::string real = dir_.Path("real/s");
  for (const std::string& path : {dir_.Path("link/s"), std::string("link/s")}) {
    ChildProcess child([&](Doorbell&) {
      CheckThat(chdir(dir_.path().c_str()) == 0, "chdir");
      absl::StatusOr<Claim> claim = Claim::Take(AddressOf(path));
      EXPECT_THAT(claim, IsOk());
      UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
      EXPECT_THAT(claim->Bind(fd.get(), {}), IsOk());
      EXPECT_EQ(NameOf(fd), real);
      return 0;
    });
    EXPECT_EQ(child.Wait(), 0) << path;
  }
}

TEST_F(ClaimTest, RefusesWhatIsNoSocketAndLeavesItAlone) {
  const std::string target = dir_.Path("target");
  UniqueFd dead = Bound(target);
  const std::vector<std::pair<std::string, int>> made = {
      {"a regular file", mknod(dir_.Path("file").c_str(), S_IFREG | 0640, 0)},
      {"a directory", mkdir(dir_.Path("dir").c_str(), 0700)},
      {"a FIFO", mkfifo(dir_.Path("fifo").c_str(), 0600)},
      {"a symbolic link", symlink("target", dir_.Path("link").c_str())},
      {"a symbolic link", symlink("nowhere", dir_.Path("dangling").c_str())}};
  const std::vector<std::string> names = {"file", "dir", "fifo", "link", "dangling"};
  for (size_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(made[i].second, 0) << names[i];
    const std::string path = dir_.Path(names[i]);
    const struct stat before = Stat(path);
    EXPECT_THAT(Claim::Take(AddressOf(path)),
                StatusIs(kRefused, AllOf(HasSubstr(path), HasSubstr(made[i].first))));
    const struct stat after = Stat(path);
    EXPECT_EQ(after.st_ino, before.st_ino);
    EXPECT_EQ(after.st_mode, before.st_mode);
    EXPECT_EQ(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
    EXPECT_FALSE(Exists(path + ".lock"));
  }
  EXPECT_TRUE(Exists(target));
}

TEST_F(ClaimTest, RefusesALiveServerOfOtherMakeAndNamesIt) {
  UniqueFd server = Listening(path_);
  const ino_t inode = Stat(path_).st_ino;
  EXPECT_THAT(Take(),
              StatusIs(kInUse, AllOf(HasSubstr(path_), HasSubstr(absl::StrCat("pid ", getpid())),
                                     HasSubstr(absl::StrCat("uid ", geteuid())))));
  EXPECT_EQ(Stat(path_).st_ino, inode);
  EXPECT_TRUE(IsServedBy(server));
}

TEST_F(ClaimTest, RefusesALiveServerOfItsOwnMakeAndNamesIt) {
  ChildProcess child([&](Doorbell& parent) {
    auto server = Serve();
    EXPECT_THAT(server, IsOk());
    parent.Ring();
    parent.Wait();
    return 0;
  });
  ASSERT_TRUE(child.bell().Wait());
  const ino_t inode = Stat(path_).st_ino;
  EXPECT_THAT(Take(), StatusIs(kInUse, AllOf(HasSubstr(path_),
                                             HasSubstr(absl::StrCat("pid ", child.pid())))));
  EXPECT_EQ(Stat(path_).st_ino, inode);
  EXPECT_TRUE(Dial(path_).valid());
  child.bell().Ring();
  EXPECT_EQ(child.Wait(), 0);
  EXPECT_THAT(Serve(), IsOk());
}

TEST_F(ClaimTest, RefusesTwoInOneProcess) {
  absl::StatusOr<Claim> first = Take();
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(Take(), StatusIs(kInUse, HasSubstr(path_)));
}

TEST_F(ClaimTest, AFullBacklogIsNotDead) {
  UniqueFd server = Listening(path_, 0);
  std::vector<UniqueFd> clients;
  while ((clients.push_back(Dial(path_)), clients.back().valid())) {
  }
  EXPECT_THAT(Take(), StatusIs(kInUse, HasSubstr(path_)));
}

TEST_F(ClaimTest, LeavesNoLockFileBesideALiveServer) {
  UniqueFd server = Listening(path_);
  EXPECT_THAT(Take(), StatusIs(kInUse));
  EXPECT_FALSE(Exists(lock_path_));
}

TEST_F(ClaimTest, BoundButNotListeningIsNotDead) {
  UniqueFd server = Bound(path_);
  EXPECT_THAT(Take(), StatusIs(kInUse, HasSubstr(path_)));
  CheckThat(listen(server.get(), 16) == 0, "listen");
  EXPECT_TRUE(IsServedBy(server));
}

TEST_F(ClaimTest, BoundUnderAnotherNameAndNotListeningIsNotDead) {
  UniqueFd server = Bound(dir_.Path("elsewhere"));
  ASSERT_EQ(rename(dir_.Path("elsewhere").c_str(), path_.c_str()), 0);
  EXPECT_THAT(Take(), StatusIs(kInUse, HasSubstr(path_)));
}

TEST_F(ClaimTest, ADrainingServerOfOtherMakeIsNotDead) {
  UniqueFd server = Listening(path_);
  shutdown(server.get(), SHUT_RD);
  EXPECT_THAT(Take(), StatusIs(kInUse));
}

TEST_F(ClaimTest, ADatagramServerIsNotDead) {
  UniqueFd server = Bound(path_, SOCK_DGRAM);
  EXPECT_THAT(Take(), StatusIs(kInUse));
}

TEST_F(ClaimTest, ReclaimsADeadSocket) {
  LeaveDeadSocket(path_);
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(IsServedBy(server->second));
  EXPECT_FALSE(Exists(aside_path_));
}

TEST_F(ClaimTest, ReclaimsAfterSigkill) {
  for (int round = 0; round < 5; ++round) {
    ChildProcess child([&](Doorbell& parent) {
      auto server = Serve();
      EXPECT_THAT(server, IsOk());
      parent.Ring();
      parent.Wait();
      return 0;
    });
    ASSERT_TRUE(child.bell().Wait());
    child.Kill(SIGKILL);
    ASSERT_EQ(child.Wait(), 128 + SIGKILL);
    ASSERT_TRUE(Exists(path_));
  }
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  EXPECT_TRUE(IsServedBy(server->second));
}

TEST_F(ClaimTest, CleansUpAfterOneKilledWhileItReclaimed) {
  LeaveDeadSocket(aside_path_);
  LeaveDeadSocket(path_);
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  EXPECT_FALSE(Exists(aside_path_));
}

TEST_F(ClaimTest, LeavesAloneWhatOthersHaveWhereItPutsADeadSocket) {
  LeaveDeadSocket(path_);
  std::ofstream(aside_path_) << "precious";
  EXPECT_THAT(Serve(), IsOk());
  EXPECT_EQ(Stat(aside_path_).st_size, 8);
  ASSERT_EQ(unlink(aside_path_.c_str()), 0);

  LeaveDeadSocket(path_);
  UniqueFd live = Listening(aside_path_);
  EXPECT_THAT(Serve(), IsOk());
  EXPECT_TRUE(Dial(aside_path_).valid());
}

TEST_F(ClaimTest, OneOfTwoWins) {
  constexpr int kRounds = 200;
  for (int round = 0; round < kRounds; ++round) {
    if (round % 2 == 1) LeaveDeadSocket(path_);  // a race for a dead socket is the hard one
    // Harder still without the lock, as another user's file may stand in its place.
    if (round == kRounds / 2) CheckThat(mkdir(lock_path_.c_str(), 0700) == 0, "mkdir");
    const auto contend = [&](Doorbell& parent) {
      parent.Ring();
      parent.Wait();  // the starting shot
      auto server = Serve();
      parent.Ring();
      parent.Wait();  // holds until both have tried
      if (server.ok()) return IsServedBy(server->second) ? 1 : 2;
      return server.status().code() == kInUse ? 0 : 3;
    };
    ChildProcess a(contend);
    ChildProcess b(contend);
    for (ChildProcess* child : {&a, &b}) ASSERT_TRUE(child->bell().Wait());
    for (ChildProcess* child : {&a, &b}) child->bell().Ring();
    for (ChildProcess* child : {&a, &b}) ASSERT_TRUE(child->bell().Wait());
    for (ChildProcess* child : {&a, &b}) child->bell().Ring();
    const int code_a = a.Wait();
    const int code_b = b.Wait();
    ASSERT_EQ(code_a + code_b, 1) << code_a << " and " << code_b << " in round " << round;
    ASSERT_FALSE(Exists(aside_path_));
    unlink(path_.c_str());
  }
}

TEST_F(ClaimTest, AssigningReleasesTheOldClaim) {
  absl::StatusOr<std::pair<Claim, UniqueFd>> server = Serve();
  ASSERT_THAT(server, IsOk());
  absl::StatusOr<Claim> other = Claim::Take(AddressOf(dir_.Path("other")));
  ASSERT_THAT(other, IsOk());
  server->first = *std::move(other);
  EXPECT_FALSE(Exists(path_));
  EXPECT_THAT(Take(), IsOk());
  EXPECT_THAT(Claim::Take(AddressOf(dir_.Path("other"))), StatusIs(kInUse));
}

}  // namespace
}  // namespace uds
