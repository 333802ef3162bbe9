// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The path: had from the dead, never from the living, and given back.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"
#include "uds/address.h"
#include "uds/connect.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

struct stat Stat(const std::string& path) {
  struct stat file = {};
  EXPECT_EQ(lstat(path.c_str(), &file), 0) << path;
  return file;
}

void ExpectAnswers(const std::string& path) { EXPECT_EQ(RunClient({path, "hi"}).out, "hi\n"); }

TEST(ClaimTest, DeadServersSocketIsReclaimed) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  for (int i = 0; i < 3; ++i) {
    ServerProcess server({.path = path, .flags = {}, .spawn = {}});
    ExpectAnswers(path);
    server.Signal(SIGKILL);
    EXPECT_EQ(server.Wait(), 128 + SIGKILL);
    ASSERT_TRUE(S_ISSOCK(Stat(path).st_mode));
    EXPECT_EQ(RunClient({path, "hi"}).exit_code, kExitNoConnection);
  }
  ServerProcess server({.path = path, .flags = {}, .spawn = {}});
  ExpectAnswers(path);
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(ClaimTest, SecondServerIsRefusedAndTheFirstUntouched) {
  ServerProcess first;
  const struct stat before = Stat(first.path());
  const support::Finished second = RunServer({first.path()});
  EXPECT_EQ(second.exit_code, kAddressRefused);
  EXPECT_EQ(second.out, "");
  EXPECT_TRUE(IsOneLine(second.err)) << second.err;
  EXPECT_TRUE(absl::StrContains(second.err, first.path())) << second.err;
  EXPECT_TRUE(absl::StrContains(second.err, absl::StrCat(first.pid()))) << second.err;
  const struct stat after = Stat(first.path());
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
  ExpectAnswers(first.path());
}

TEST(ClaimTest, StoppedServerIsNotTakenForADeadOne) {
  ServerProcess first;
  first.Signal(SIGSTOP);
  EXPECT_EQ(RunServer({first.path()}).exit_code, kAddressRefused);
  first.Signal(SIGCONT);
  ExpectAnswers(first.path());
}

TEST(ClaimTest, OfTwoThatStartAtOnceOneWins) {
  for (int i = 0; i < 100; ++i) {
    const support::TempDir dir;
    const std::string path = dir.Path("s");
    support::SpawnedProcess one(ServerCommand({path, "--log_format=json"}));
    support::SpawnedProcess two(ServerCommand({path, "--log_format=json"}));
    const bool one_serves = ParseLogLine(one.err().Line(0))["event"] == "service_started";
    const bool two_serves = ParseLogLine(two.err().Line(0))["event"] == "service_started";
    ASSERT_NE(one_serves, two_serves);
    EXPECT_EQ((one_serves ? two : one).Wait(), kAddressRefused);
    ExpectAnswers(path);
  }
}

// Somebody else's server: bound and not listening yet, or with a full backlog.
TEST(ClaimTest, ServerThatTakesNobodyIsNotTakenForADeadOne) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  const uds::Address address = uds::Address::Parse(path).value();
  const uds::UniqueFd other(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(other.get(), address.socket_address(), address.socket_address_length()), 0);
  const struct stat before = Stat(path);
  EXPECT_EQ(RunServer({path, "--wait_for_path=0"}).exit_code, kAddressRefused);

  ASSERT_EQ(listen(other.get(), 0), 0);
  std::vector<uds::UniqueFd> waiting;
  for (;;) {
    absl::StatusOr<uds::UniqueFd> client = uds::Connect(address, absl::ZeroDuration());
    if (!client.ok()) break;
    waiting.push_back(*std::move(client));
  }
  EXPECT_EQ(RunServer({path}).exit_code, kAddressRefused);
  EXPECT_EQ(Stat(path).st_ino, before.st_ino);
}

TEST(ClaimTest, SuccessorsSocketIsLeft) {
  ServerProcess first;
  // Somebody put another's socket in its place. (Removed, it would be made again: path_test.cc.)
  ServerProcess second;
  ASSERT_EQ(rename(second.path().c_str(), first.path().c_str()), 0);
  first.Event("path_lost");
  EXPECT_EQ(first.Stop(), kClean);
  ExpectAnswers(first.path());
}

TEST(ClaimTest, OnlyItsUserMayConnectWhateverTheUmask) {
  for (const mode_t mask : {0000, 0077, 0777}) {
    const mode_t old = umask(0022);
    const support::TempDir dir;
    umask(mask);
    ServerProcess server({.path = dir.Path("s"), .flags = {}, .spawn = {}});
    umask(old);
    EXPECT_EQ(Stat(server.path()).st_mode, static_cast<mode_t>(S_IFSOCK | 0600));
    ExpectAnswers(server.path());
  }
}

TEST(ClaimTest, ModeAndGroupAreAsAskedWhateverTheUmask) {
  const gid_t group = getegid();  // allow_test.cc has another
  for (const mode_t mask : {0000, 0077}) {
    const mode_t old = umask(mask);
    ServerProcess server(
        {.path = "", .flags = {"--mode=0660", absl::StrCat("--group=", group)}, .spawn = {}});
    umask(old);
    EXPECT_EQ(Stat(server.path()).st_mode, static_cast<mode_t>(S_IFSOCK | 0660));
    EXPECT_EQ(Stat(server.path()).st_gid, group);
    ExpectAnswers(server.path());
  }
}

TEST(ClaimTest, RelativePathIsInTheWorkingDirectory) {
  const support::TempDir dir;
  const support::SpawnOptions shell = {dir.path(), {}};
  ServerProcess server({.path = "sock1", .flags = {}, .spawn = shell});
  ExpectAnswers(dir.Path("sock1"));
  EXPECT_EQ(RunClient({"sock1", "hi"}, "", shell).out, "hi\n");
}

TEST(ClaimTest, LongestPath) {
  const support::TempDir dir;
  const std::string path = dir.Path(std::string(107 - dir.path().size() - 1, 'x'));
  ASSERT_EQ(path.size(), 107U);
  ServerProcess server({.path = path, .flags = {}, .spawn = {}});
  ExpectAnswers(path);
  ExpectAnswers("unix://" + path);
}

}  // namespace
}  // namespace udsecho::integration
