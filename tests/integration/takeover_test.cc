// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server that follows another one while that still serves: --takeover, and SIGUSR2.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

class TakeoverTest : public ::testing::Test {
 protected:
  ServerProcess::Options Next(const ServerProcess& before) {
    return {.path = before.path(), .flags = {"--takeover"}, .spawn = {}};
  }

  // One that is nobody's child any more.
  static void StopAdopted(pid_t pid, const std::string& path) {
    ASSERT_EQ(kill(pid, SIGTERM), 0);
    const support::Deadline deadline;
    while (access(path.c_str(), F_OK) == 0) ASSERT_FALSE(deadline.IsOver());
  }

  // The line of the `nth` event of that name in a log file, from 1.
  static nlohmann::json AwaitEvent(const std::string& log, const std::string& name, int nth = 1) {
    const support::Deadline deadline;
    while (!deadline.IsOver()) {
      std::ifstream file(log);
      int count = 0;
      for (std::string line; std::getline(file, line) && !file.eof();) {
        nlohmann::json event = ParseLogLine(line);
        if (event["event"] == name && ++count == nth) return event;
      }
    }
    ADD_FAILURE() << "no " << name;
    return nullptr;
  }

  static std::string Echo(const std::string& path) { return RunClient({path, "hi"}).out; }
};

TEST_F(TakeoverTest, TheOldServerFinishesItsCallsAndRemovesNothing) {
  ServerProcess before;
  support::SpawnedProcess call(ClientCommand({before.path()}));
  ASSERT_TRUE(call.Write("one\n"));
  ASSERT_EQ(call.out().Line(0), "one");
  support::SpawnedProcess slow(ClientCommand({before.path(), "slow", "--delay=1s"}));
  before.Event("message_received", 2);
  ServerProcess after(Next(before));
  after.Event("path_taken_over");
  EXPECT_EQ(Echo(before.path()), "hi\n");
  EXPECT_EQ(slow.out().Line(0), "slow");
  EXPECT_EQ(slow.Wait(), 0);
  before.Event("path_handed_over");
  before.Event("service_terminating");
  call.CloseInput();
  EXPECT_EQ(call.Wait(), 0);
  EXPECT_EQ(before.Wait(), kClean);
  EXPECT_EQ(Echo(after.path()), "hi\n");
  EXPECT_EQ(after.Stop(), kClean);
  EXPECT_FALSE(std::filesystem::exists(before.path()));
}

TEST_F(TakeoverTest, WithoutTheFlagTheOldOneIsLeftAlone) {
  ServerProcess before;
  const support::Finished next = RunServer({before.path()});
  EXPECT_EQ(next.exit_code, kAddressRefused);
  EXPECT_THAT(next.err, HasSubstr("in use"));
  EXPECT_EQ(Echo(before.path()), "hi\n");
}

TEST_F(TakeoverTest, IsRefusedWhereThereIsNoPathOfItsOwn) {
  EXPECT_EQ(RunServer({"unix-abstract:x", "--allow=uid:0", "--takeover"}).exit_code, kUsage);
}

// The one before has the port until it has drained.
TEST_F(TakeoverTest, MetricsFollow) {
  ServerProcess before({.path = "", .flags = {"--metrics=127.0.0.1:0"}, .spawn = {}});
  const std::string address = before.Event("metrics_served")["fields"]["address"];
  ServerProcess::Options options = Next(before);
  options.flags.push_back(absl::StrCat("--metrics=", address));
  ServerProcess after(options);
  EXPECT_EQ(before.Wait(), kClean);
  EXPECT_EQ(after.Event("metrics_served")["fields"]["address"], address);
}

TEST_F(TakeoverTest, MetricsFollowHoweverLongTheOldOneDrains) {
  ServerProcess before({.path = "", .flags = {"--metrics=127.0.0.1:0", "--grace=1h"}, .spawn = {}});
  const std::string address = before.Event("metrics_served")["fields"]["address"];
  support::SpawnedProcess held(ClientCommand({before.path(), "held", "--delay=1h"}));
  before.Event("message_received");
  ServerProcess::Options options = Next(before);
  for (const std::string& flag : {absl::StrCat("--metrics=", address), std::string("--grace=0")}) {
    options.flags.push_back(flag);
  }
  ServerProcess after(options);
  after.Event("metrics_missing");
  before.Signal(SIGKILL);
  EXPECT_EQ(after.Event("metrics_served")["fields"]["address"], address);
}

TEST_F(TakeoverTest, ASignalStartsTheNextOne) {
  ServerProcess server;
  const std::string path = server.path();
  server.Signal(SIGUSR2);
  const pid_t next = server.Event("service_started", 2)["fields"]["pid"];
  EXPECT_NE(next, server.pid());
  EXPECT_EQ(server.Event("successor_started")["fields"]["pid"], next);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_EQ(Echo(path), "hi\n");
  // And that one is followed likewise.
  ASSERT_EQ(kill(next, SIGUSR2), 0);
  const pid_t last = server.Event("service_started", 3)["fields"]["pid"];
  EXPECT_EQ(Echo(path), "hi\n");
  StopAdopted(last, path);
}

// The log is in a file, as the next server's complaint about its flags is no line of it.
TEST_F(TakeoverTest, ANextOneThatCannotStartChangesNothing) {
  const support::TempDir dir;
  const std::string flags = dir.Path("flags");
  const std::string log = dir.Path("log");
  const std::string path = dir.Path("s");
  std::ofstream(flags) << "--log_level=info\n";
  support::SpawnedProcess server(
      ServerCommand({path, absl::StrCat("--flagfile=", flags), absl::StrCat("--log_file=", log),
                     "--log_format=json"}));
  AwaitEvent(log, "service_started");
  std::ofstream(flags) << "--no_such_flag\n";
  server.Signal(SIGUSR2);
  EXPECT_THAT(server.err().Line(0), HasSubstr("--no_such_flag"));
  EXPECT_EQ(AwaitEvent(log, "successor_failed")["fields"]["code"], "ABORTED");
  EXPECT_EQ(Echo(path), "hi\n");
  // What is right again is tried again.
  std::ofstream(flags) << "--log_level=info\n";
  server.Signal(SIGUSR2);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_EQ(Echo(path), "hi\n");
  StopAdopted(AwaitEvent(log, "service_started", 2)["fields"]["pid"], path);
}

// It has not the descriptors that it needs.
TEST_F(TakeoverTest, ANextOneWithoutDescriptorsChangesNothing) {
  ServerProcess before;
  const support::Finished next =
      support::RunToEnd({"/bin/sh", "-c", R"(ulimit -n 17; exec "$@")", "sh",
                         ServerCommand({""})[0], before.path(), "--takeover", "--shards=8"});
  EXPECT_NE(next.exit_code, kClean) << next.err;
  EXPECT_EQ(Echo(before.path()), "hi\n");
  EXPECT_EQ(before.Stop(), kClean);
}

TEST_F(TakeoverTest, AServerThatEndsStartsNoOther) {
  ServerProcess server;
  support::SpawnedProcess call(ClientCommand({server.path()}));
  ASSERT_TRUE(call.Write("one\n"));
  ASSERT_EQ(call.out().Line(0), "one");
  server.Signal(SIGTERM);
  server.Event("service_terminating");
  server.Signal(SIGUSR2);
  EXPECT_EQ(server.Event("successor_failed")["fields"]["code"], "FAILED_PRECONDITION");
  call.CloseInput();
  EXPECT_EQ(server.Wait(), kClean);
}

TEST_F(TakeoverTest, AnAbstractNameIsNotHandedOver) {
  const std::string name = absl::StrCat("unix-abstract:takeover.", getpid());
  ServerProcess server({.path = name, .flags = {"--allow=uid:0"}, .spawn = {}});
  server.Signal(SIGUSR2);
  EXPECT_EQ(server.Event("successor_failed")["fields"]["code"], "FAILED_PRECONDITION");
  EXPECT_EQ(server.Stop(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
