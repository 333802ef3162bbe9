// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --health --watch and pings of a server that comes and goes, and what the keys do to them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>

#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr int kInterrupted = 130;

class WatchTest : public ::testing::Test {
 protected:
  ServerProcess::Options OfPath() const { return {.path = path_, .flags = {}, .spawn = {}}; }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
};

TEST_F(WatchTest, FollowsAServerThatIsStartedAgain) {
  std::size_t line = 0;
  auto server = std::make_unique<ServerProcess>(OfPath());
  support::SpawnedProcess client(ClientCommand({path_, "--health", "--watch"}));
  EXPECT_THAT(client.out().Line(line++), EndsWith(" SERVING"));
  server->Stop();
  // It may say that it drains before it ends.
  std::string next = client.out().Line(line++);
  if (next.find("UNREACHABLE") == std::string::npos) next = client.out().Line(line++);
  EXPECT_THAT(next, HasSubstr(" UNREACHABLE: "));
  server = std::make_unique<ServerProcess>(OfPath());
  EXPECT_THAT(client.out().Line(line++), EndsWith(" SERVING"));
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
  EXPECT_EQ(client.err().Whole(), "");
}

TEST_F(WatchTest, WaitSaysForHowLong) {
  ServerProcess server(OfPath());
  support::SpawnedProcess client(ClientCommand({path_, "--health", "--watch", "--wait=10ms"}));
  EXPECT_THAT(client.out().Line(0), EndsWith(" SERVING"));
  server.Stop();
  EXPECT_EQ(client.Wait(), kExitNoConnection);
  EXPECT_TRUE(IsOneLine(client.err().Whole())) << client.err().SoFar();
}

TEST_F(WatchTest, AServerThatHangsIsToldByAPing) {
  ServerProcess server(OfPath());
  support::SpawnedProcess client(ClientCommand(
      {path_, "--health", "--watch", "--json", "--keepalive=50ms", "--timeout=500ms"}));
  EXPECT_THAT(client.out().Line(0), HasSubstr(R"("status":"SERVING")"));
  server.Signal(SIGSTOP);
  EXPECT_THAT(client.out().Line(1), AllOf(HasSubstr("UNREACHABLE"), HasSubstr("ping")));
  server.Signal(SIGCONT);
  EXPECT_THAT(client.out().Line(2), HasSubstr(R"("status":"SERVING")"));
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

TEST_F(WatchTest, SigquitAsksAPing) {
  ServerProcess server(OfPath());
  for (const char* shape : {"--shape=unary", "--shape=chat"}) {
    support::SpawnedProcess client(ClientCommand({path_, "x", shape, "--interval=10ms"}));
    client.out().Line(1);
    client.Signal(SIGQUIT);
    EXPECT_THAT(client.err().Line(0),
                MatchesRegex("[0-9]+/[0-9]+ received, [0-9.]+% lost, min/avg/max/mdev = .*"));
    client.Signal(SIGQUIT);
    EXPECT_THAT(client.err().Line(1), HasSubstr(" received, "));
    client.Signal(SIGINT);
    EXPECT_EQ(client.Wait(), kInterrupted);
    EXPECT_THAT(client.out().Whole(), HasSubstr("round trip min/avg/max/mdev"));
  }
}

TEST_F(WatchTest, SigquitAsksCallsOfAnyMethod) {
  ServerProcess server(OfPath());
  support::SpawnedProcess client(ClientCommand(
      {path_, "--call=udsecho.v1.Echo/Echo", "-d", "{}", "--interval=10ms", "--count=1000000"}));
  client.out().Line(1);
  client.Signal(SIGQUIT);
  EXPECT_THAT(client.err().Line(0), HasSubstr(" received, "));
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

TEST_F(WatchTest, SigquitEndsWhatIsNoPing) {
  ServerProcess server(OfPath());
  support::SpawnedProcess client(ClientCommand({path_}));
  client.Write("one\n");
  EXPECT_EQ(client.out().Line(0), "one");
  client.Signal(SIGQUIT);
  EXPECT_EQ(client.Wait(), 128 + SIGQUIT);
}

}  // namespace
}  // namespace udsecho::integration
