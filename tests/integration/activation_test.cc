// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A socket that was handed in: served, never removed, and refused when it is not what it should be.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "uds/address.h"
#include "uds/connect.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

constexpr char kSystemdSocketActivate[] = "/usr/bin/systemd-socket-activate";

// Runs what follows as a service manager would: LISTEN_PID is the pid that exec(2) keeps.
const std::vector<std::string> kAsTheManager = {"/bin/sh", "-c", R"(LISTEN_PID=$$ exec "$@")",
                                                "sh"};

uds::UniqueFd Bound(const std::string& path, int type = SOCK_STREAM) {
  const uds::Address address = uds::Address::Parse(path).value();
  uds::UniqueFd fd(socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
  EXPECT_EQ(bind(fd.get(), address.socket_address(), address.socket_address_length()), 0);
  return fd;
}

uds::UniqueFd Listening(const std::string& path) {
  uds::UniqueFd fd = Bound(path);
  EXPECT_EQ(listen(fd.get(), SOMAXCONN), 0);
  return fd;
}

ino_t Inode(const std::string& path) {
  struct stat file = {};
  EXPECT_EQ(lstat(path.c_str(), &file), 0) << path;
  return file.st_ino;
}

class ActivationTest : public ::testing::Test {
 protected:
  support::SpawnOptions HandIn(const uds::UniqueFd& fd) const {
    return {.directory = "", .environment = {"LISTEN_FDS=1"}, .descriptors = {fd.get()}};
  }

  void ExpectRefused(const support::SpawnOptions& spawn, const std::vector<std::string>& by,
                     const std::vector<std::string>& arguments, int exit_code,
                     const std::string& told) {
    std::vector<std::string> command = by;
    for (std::string& word : ServerCommand(arguments)) command.push_back(std::move(word));
    const support::Finished server = support::RunToEnd(command, "", spawn);
    EXPECT_EQ(server.exit_code, exit_code) << server.err;
    EXPECT_TRUE(IsOneLine(server.err)) << server.err;
    EXPECT_THAT(server.err, HasSubstr(told));
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(ActivationTest, BySystemdItself) {
  if (access(kSystemdSocketActivate, X_OK) != 0) {
    GTEST_SKIP() << "needs " << kSystemdSocketActivate << " (Debian's systemd)";
  }
  std::vector<std::string> command = {kSystemdSocketActivate, "-l", path_};
  for (std::string& word : ServerCommand({"--log_format=json"})) command.push_back(std::move(word));
  support::SpawnedProcess server(command);
  const support::Deadline deadline;
  while (access(path_.c_str(), F_OK) != 0 && !deadline.IsOver()) {
  }
  const ino_t before = Inode(path_);
  EXPECT_EQ(RunClient({path_, "first"}).out, "first\n");  // who starts it, and waits meanwhile
  EXPECT_EQ(RunClient({path_, "second"}).out, "second\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_EQ(Inode(path_), before);
}

TEST_F(ActivationTest, SocketIsServedAndOutlivesTheServer) {
  const uds::UniqueFd socket = Listening(path_);
  const ino_t before = Inode(path_);
  for (const std::string& address : {path_, absl::StrCat("unix://", path_)}) {
    ServerProcess server(
        {.path = address, .flags = {}, .spawn = HandIn(socket), .by = kAsTheManager});
    EXPECT_EQ(RunClient({path_, "hi"}).out, "hi\n");
    EXPECT_EQ(server.Stop(), kClean);
    EXPECT_EQ(Inode(path_), before);
    EXPECT_FALSE(std::filesystem::exists(path_ + ".lock"));
  }
  EXPECT_TRUE(uds::Connect(*uds::Address::Parse(path_), absl::Seconds(5)).ok());
}

TEST_F(ActivationTest, KilledServerLeavesItToo) {
  const uds::UniqueFd socket = Listening(path_);
  {
    ServerProcess server(
        {.path = path_, .flags = {}, .spawn = HandIn(socket), .by = kAsTheManager});
    server.Signal(SIGKILL);
    EXPECT_EQ(server.Wait(), 128 + SIGKILL);
  }
  ServerProcess next({.path = path_, .flags = {}, .spawn = HandIn(socket), .by = kAsTheManager});
  EXPECT_EQ(RunClient({path_, "hi"}).out, "hi\n");
}

TEST_F(ActivationTest, AnotherAddressIsRefused) {
  const uds::UniqueFd socket = Listening(path_);
  ExpectRefused(HandIn(socket), kAsTheManager, {dir_.Path("other")}, kUsage, "other");
  EXPECT_NE(access(dir_.Path("other").c_str(), F_OK), 0);
}

TEST_F(ActivationTest, WhatWouldChangeTheSocketIsRefused) {
  const uds::UniqueFd socket = Listening(path_);
  ExpectRefused(HandIn(socket), kAsTheManager, {"--mode=0666"}, kUsage, "SocketMode=");
  ExpectRefused(HandIn(socket), kAsTheManager, {"--group=0"}, kUsage, "SocketGroup=");
}

TEST_F(ActivationTest, AbstractNameNeedsAnAllowListHereToo) {
  const uds::UniqueFd socket = Listening(absl::StrCat("unix-abstract:", path_));
  ExpectRefused(HandIn(socket), kAsTheManager, {}, kUsage, "--allow");
  const std::string address = absl::StrCat("unix-abstract:", path_);
  ServerProcess server({.path = address,
                        .flags = {"--allow=uid:4321"},
                        .spawn = HandIn(socket),
                        .by = kAsTheManager});
  EXPECT_EQ(RunClient({address, "hi"}).out, "hi\n");
}

TEST_F(ActivationTest, WhatIsNoListeningStreamSocketIsRefused) {
  ExpectRefused(HandIn(Bound(path_)), kAsTheManager, {}, kAddressRefused, "ListenStream=");
  ExpectRefused(HandIn(Bound(dir_.Path("d"), SOCK_DGRAM)), kAsTheManager, {}, kAddressRefused,
                "ListenStream=");
  const uds::UniqueFd tcp(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(listen(tcp.get(), 1), 0);
  ExpectRefused(HandIn(tcp), kAsTheManager, {}, kAddressRefused, "ListenStream=");
}

// A parent that was started by systemd leaves such variables to its children.
TEST_F(ActivationTest, SocketForAnotherProcessIsIgnored) {
  const uds::UniqueFd socket = Listening(path_);
  const std::string own = dir_.Path("own");
  for (const std::vector<std::string>& environment :
       std::vector<std::vector<std::string>>{{"LISTEN_FDS=1"},
                                             {"LISTEN_FDS=1", "LISTEN_PID=1"},
                                             {"LISTEN_FDS=", "LISTEN_PID=1"},
                                             {"LISTEN_FDS=0"}}) {
    support::SpawnOptions spawn = HandIn(socket);
    spawn.environment = environment;
    ServerProcess server({.path = own, .flags = {}, .spawn = spawn});
    EXPECT_EQ(RunClient({own, "hi"}).out, "hi\n");
    EXPECT_EQ(server.Stop(), kClean);
  }
  // Without an address there is nothing to serve.
  ExpectRefused(HandIn(socket), {}, {}, kUsage, "LISTEN_PID");
}

TEST_F(ActivationTest, SeveralAreRefused) {
  const uds::UniqueFd socket = Listening(path_);
  support::SpawnOptions spawn = HandIn(socket);
  spawn.environment = {"LISTEN_FDS=2"};
  // The second is a duplicate of the first.
  ExpectRefused(spawn, {"/bin/sh", "-c", R"(LISTEN_PID=$$ exec "$@" 4>&3)", "sh"}, {},
                kAddressRefused, "2 sockets");
}

// Who connects while one server ends and the next has not begun waits in the backlog.
TEST_F(ActivationTest, RestartsUnderLoadFailNoConnectAndNoCall) {
  const uds::UniqueFd socket = Listening(path_);
  std::atomic<bool> done = false;
  std::atomic<int> answered = 0;
  const auto call = [&] {
    while (!done) {
      const Answer answer = Echo(Connect(path_), Message("x"));  // a connection of its own
      EXPECT_TRUE(answer.status.ok()) << answer.status.error_message();
      if (!answer.status.ok()) return;
      ++answered;
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(call);
  constexpr int kRestarts = 5;
  for (int i = 0; i <= kRestarts; ++i) {
    ServerProcess server(
        {.path = path_, .flags = {}, .spawn = HandIn(socket), .by = kAsTheManager});
    server.Event("message_received", 10);
    if (i == kRestarts) done = true;  // the last one answers all who are left
    if (done) {
      for (std::thread& client : clients) client.join();
    }
    EXPECT_EQ(server.Stop(), kClean);
  }
  EXPECT_GE(answered, 10 * kRestarts);
}

}  // namespace
}  // namespace udsecho::integration
