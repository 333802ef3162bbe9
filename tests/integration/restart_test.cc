// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server that starts while the one before it still has the path.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "uds/address.h"
#include "uds/connect.h"

namespace udsecho::integration {
namespace {

// A server that was asked to stop, takes no connections, and ends when EndCall() lets it.
class RestartTest : public ::testing::Test {
 protected:
  RestartTest() : call_(ClientCommand({old_.path()})) {
    EXPECT_TRUE(call_.Write("in flight\n"));
    EXPECT_EQ(call_.out().Line(0), "in flight");
    old_.Signal(SIGTERM);
    const uds::Address address = uds::Address::Parse(old_.path()).value();
    const support::Deadline deadline;
    while (uds::Connect(address, absl::Seconds(5)).ok() && !deadline.IsOver()) {
    }
  }

  void EndCall() { call_.CloseInput(); }

  std::vector<std::string> Next(const std::string& flag) {
    return ServerCommand({old_.path(), "--log_format=json", flag});
  }

  ServerProcess old_{{.path = "", .flags = {"--grace=1h"}, .spawn = {}}};
  support::SpawnedProcess call_;
};

TEST_F(RestartTest, WaitsForTheServerThatDrainsAndSaysSo) {
  support::SpawnedProcess next(Next("--wait_for_path=1h"));
  const nlohmann::json awaited = ParseLogLine(next.err().Line(0));
  EXPECT_EQ(awaited["event"], "path_awaited");
  EXPECT_EQ(awaited["fields"]["pid"], old_.pid());
  EXPECT_EQ(awaited["fields"]["uid"], geteuid());
  EXPECT_EQ(awaited["fields"]["seconds"], 3600);
  EndCall();
  EXPECT_EQ(old_.Wait(), kClean);
  EXPECT_EQ(ParseLogLine(next.err().Line(1))["event"], "service_started");
  EXPECT_EQ(RunClient({old_.path(), "hi"}).out, "hi\n");
  next.Signal(SIGTERM);
  EXPECT_EQ(next.Wait(), kClean);
  EXPECT_FALSE(std::filesystem::exists(old_.path()));
}

TEST_F(RestartTest, WaitsForItsGraceByDefault) {
  support::SpawnedProcess next(Next("--grace=30s"));
  EXPECT_EQ(ParseLogLine(next.err().Line(0))["fields"]["seconds"], 32);
}

TEST_F(RestartTest, ASignalEndsTheWait) {
  for (const int signal : {SIGTERM, SIGINT}) {
    support::SpawnedProcess next(Next("--wait_for_path=1h"));
    EXPECT_EQ(ParseLogLine(next.err().Line(0))["event"], "path_awaited");
    next.Signal(signal);
    EXPECT_EQ(next.Wait(), kClean);
  }
  EndCall();
  EXPECT_EQ(old_.Wait(), kClean);
}

TEST_F(RestartTest, TheWaitHasAnEnd) {
  for (const char* flag : {"--wait_for_path=0", "--wait_for_path=300ms"}) {
    const support::Finished next = RunServer({old_.path(), flag});
    EXPECT_EQ(next.exit_code, kAddressRefused);
    EXPECT_TRUE(absl::StrContains(next.err, absl::StrCat("pid ", old_.pid()))) << next.err;
  }
  EndCall();
  EXPECT_EQ(old_.Wait(), kClean);
}

TEST_F(RestartTest, OfTwoThatWaitOneServes) {
  support::SpawnedProcess one(Next("--wait_for_path=1h"));
  support::SpawnedProcess two(Next("--wait_for_path=1h"));
  for (support::SpawnedProcess* next : {&one, &two}) {
    EXPECT_EQ(ParseLogLine(next->err().Line(0))["event"], "path_awaited");
  }
  EndCall();
  const std::string first = ParseLogLine(one.err().Line(1))["event"];
  const std::string second = ParseLogLine(two.err().Line(1))["event"];
  ASSERT_NE(first == "service_started", second == "service_started");
  EXPECT_EQ((first == "service_started" ? two : one).Wait(), kAddressRefused);
  EXPECT_EQ(RunClient({old_.path(), "hi"}).out, "hi\n");
}

}  // namespace
}  // namespace udsecho::integration
