// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The client in scripts: signals at bad moments, readers that leave, much to send.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "tests/integration/server_process.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {
namespace {

using ::testing::HasSubstr;

constexpr int kInterrupted = 130;

class ClientRobustnessTest : public ::testing::Test {
 protected:
  const support::TempDir dir_;
  ServerProcess server_;
};

TEST_F(ClientRobustnessTest, CtrlCInAPing) {
  support::SpawnedProcess client(ClientCommand({server_.path(), "hi", "--interval=0.01"}));
  EXPECT_THAT(client.out().Line(1), HasSubstr("seq=2"));
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
  EXPECT_THAT(client.out().Whole(), HasSubstr("round trip min/avg/max/mdev"));
  EXPECT_EQ(client.err().Whole(), "");
}

TEST_F(ClientRobustnessTest, CtrlCWhileTheInputIsOpen) {
  support::SpawnedProcess client(ClientCommand({server_.path()}));
  client.Write("one\n");
  EXPECT_EQ(client.out().Line(0), "one");
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

TEST_F(ClientRobustnessTest, CtrlCWhileTheServerHangs) {
  support::SpawnedProcess client(
      ClientCommand({server_.path(), "one", "--delay=1h", "--timeout=inf"}));
  server_.Event("message_received");
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

// Its output is a pipe that nobody reads: it cannot end by itself.
TEST_F(ClientRobustnessTest, CtrlCWhileNobodyReads) {
  ASSERT_EQ(mkfifo(dir_.Path("fifo").c_str(), 0600), 0);
  const uds::UniqueFd fifo(open(dir_.Path("fifo").c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
  const std::string filled(1 << 20, 'x');
  while (write(fifo.get(), filled.data(), 4096) > 0) {
  }
  std::vector<std::string> command = ClientCommand({server_.path(), "one"});
  command.insert(command.begin(), {"/bin/sh", "-c", "exec \"$@\" >$FIFO", "sh"});
  support::SpawnOptions options;
  options.environment = {"FIFO=" + dir_.Path("fifo")};
  support::SpawnedProcess client(command, options);
  server_.Event("message_received");
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

TEST_F(ClientRobustnessTest, AReaderThatLeavesEndsItAsItEndsOtherFilters) {
  std::vector<std::string> command = ClientCommand({server_.path(), "x", "--interval=0"});
  command.insert(command.begin(),
                 {"/bin/bash", "-c", "\"$@\" | head -n 2; echo ${PIPESTATUS[0]}", "bash"});
  const support::Finished shell = support::RunToEnd(command);
  EXPECT_THAT(shell.out, HasSubstr("seq=2"));
  EXPECT_THAT(shell.out, testing::EndsWith("\n141\n"));
  EXPECT_EQ(shell.err, "");
}

TEST_F(ClientRobustnessTest, ManyLines) {
  std::string lines;
  for (int i = 0; i < 200'000; ++i) absl::StrAppend(&lines, i, "\n");
  const support::Finished client = RunClient({server_.path()}, lines);
  EXPECT_EQ(client.exit_code, kExitOk) << client.err;
  EXPECT_TRUE(client.out == lines);
}

TEST_F(ClientRobustnessTest, LargePayloads) {
  const std::string bytes(3 << 20, '\xff');
  std::ofstream(dir_.Path("in"), std::ios::binary) << bytes;
  const support::Finished fits =
      RunClient({server_.path(), "--payload=@" + dir_.Path("in"), "--output=-"});
  EXPECT_EQ(fits.exit_code, kExitOk) << fits.err;
  EXPECT_TRUE(fits.out == bytes);

  std::ofstream(dir_.Path("in"), std::ios::binary | std::ios::app) << bytes;
  const support::Finished too_large =
      RunClient({server_.path(), "--payload=@" + dir_.Path("in"), "--output=-"});
  EXPECT_EQ(too_large.exit_code, kResourceExhausted);
  EXPECT_TRUE(IsOneLine(too_large.err)) << too_large.err;

  const support::Finished endless = RunClient({server_.path(), "--payload=@/dev/zero"});
  EXPECT_EQ(endless.exit_code, 1);
  EXPECT_TRUE(IsOneLine(endless.err)) << endless.err;
}

TEST_F(ClientRobustnessTest, APingOutlivesTheServersRestart) {
  const std::string path = dir_.Path("again");
  auto server = std::make_unique<ServerProcess>(
      ServerProcess::Options{.path = path, .flags = {}, .spawn = {}});
  support::SpawnedProcess client(ClientCommand({path, "hi", "--interval=0.01"}));
  EXPECT_THAT(client.out().Line(0), HasSubstr("time="));
  server->Signal(SIGKILL);
  server->Wait();
  size_t line = 1;
  while (client.out().HasLine(line) &&
         client.out().Line(line).find("UNAVAILABLE") == std::string::npos) {
    ++line;
  }
  server = std::make_unique<ServerProcess>(
      ServerProcess::Options{.path = path, .flags = {}, .spawn = {}});
  while (client.out().HasLine(line) && client.out().Line(line).find("time=") == std::string::npos) {
    ++line;
  }
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
}

// A line for each message that is lost, in order, and as JSON too.
class PingTest : public ClientRobustnessTest,
                 public testing::WithParamInterface<std::tuple<bool, const char*>> {};

INSTANTIATE_TEST_SUITE_P(Ways, PingTest,
                         testing::Combine(testing::Bool(),
                                          testing::Values("--shape=unary", "--shape=chat")));

TEST_P(PingTest, TellsEachLossAndGoesOn) {
  const bool json = std::get<0>(GetParam());
  const std::string path = dir_.Path("s");
  const auto serve = [&] {
    return std::make_unique<ServerProcess>(
        ServerProcess::Options{.path = path, .flags = {}, .spawn = {}});
  };
  std::unique_ptr<ServerProcess> server = serve();
  std::vector<std::string> arguments = {path, std::get<1>(GetParam()), "hi", "--interval=0.02"};
  if (json) arguments.emplace_back("--json");
  support::SpawnedProcess client(ClientCommand(arguments));
  client.out().Line(0);
  server->Signal(SIGKILL);
  server->Wait();

  // The end of a stream has a line too, in JSON, and is about no message.
  size_t lost = 0;
  int64_t last = 0;
  size_t line = 1;
  for (; lost < 10 && client.out().HasLine(line); ++line) {
    const std::string text = client.out().Line(line);
    const std::string before = json ? "\"seq\":" : ": seq=";
    const size_t at = text.find(before);
    if (at == std::string::npos || !absl::StrContains(text, "UNAVAILABLE")) continue;
    const int64_t sequence = std::strtoll(text.c_str() + at + before.size(), nullptr, 10);
    EXPECT_TRUE(lost == 0 || sequence == last + 1) << text;
    last = sequence;
    ++lost;
  }
  EXPECT_EQ(lost, 10U);

  server = serve();
  while (client.out().HasLine(line) &&
         !absl::StrContains(client.out().Line(line), json ? R"("message":"hi")" : "time=")) {
    ++line;
  }
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
  EXPECT_THAT(client.out().Whole(), HasSubstr(json ? R"({"statistics")" : "% lost"));
}

TEST_F(ClientRobustnessTest, ABenchOfAServerThatIsKilledTellsWhatWasNotSent) {
  support::SpawnedProcess client(ClientCommand(
      {server_.path(), "--bench", "--rate=1000", "--warmup=0", "--duration=2s", "--json"}));
  server_.Event("message_received");
  server_.Signal(SIGKILL);
  EXPECT_NE(client.Wait(), kExitOk);
  const nlohmann::json result = nlohmann::json::parse(client.out().Whole(), nullptr, false);
  EXPECT_EQ(result["due"], 2000);
  EXPECT_GT(result["due_and_not_sent"], 1000);
  EXPECT_TRUE(result["rate_missed"]);
  EXPECT_THAT(client.err().Whole(), testing::StartsWith("client: "));
}

// No call is lost, and none is made any more.
TEST_F(ClientRobustnessTest, ABenchOfAServerThatEndsInOrderIsNoSuccess) {
  support::SpawnedProcess client(
      ClientCommand({server_.path(), "--bench", "--warmup=0", "--duration=2s", "--json"}));
  server_.Event("message_received");
  server_.Signal(SIGTERM);
  EXPECT_EQ(client.Wait(), kUnavailable);
  const nlohmann::json result = nlohmann::json::parse(client.out().Whole(), nullptr, false);
  EXPECT_TRUE(result["errors"].empty()) << result["errors"];
  EXPECT_GT(result["disconnected_at_the_end_s"], 0);
  EXPECT_THAT(client.err().Whole(), HasSubstr("is the server still there?"));
}

// It would wait for a server that never comes back.
TEST_F(ClientRobustnessTest, ABenchOfSoManyCallsGivesUp) {
  support::SpawnedProcess client(ClientCommand(
      {server_.path(), "--bench", "--count=1000000000", "--timeout=300ms", "--json"}));
  server_.Event("message_received");
  server_.Signal(SIGKILL);
  EXPECT_EQ(client.Wait(), kUnavailable);
}

TEST_F(ClientRobustnessTest, ABenchGoesOnWithTheNextServer) {
  support::SpawnedProcess client(
      ClientCommand({server_.path(), "--bench", "--count=1000000000", "--timeout=1m",
                     "--connections=4", "--delay=10ms", "--json"}));
  server_.Event("message_received");
  server_.Signal(SIGKILL);
  ServerProcess next({.path = server_.path(), .flags = {}, .spawn = {}, .by = {}});
  next.Event("message_received");
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted) << client.err().Whole();
  const nlohmann::json result = nlohmann::json::parse(client.out().Whole(), nullptr, false);
  EXPECT_GE(result["errors"]["UNAVAILABLE"], 1) << result["errors"];
  EXPECT_EQ(result["errors"].size(), 1) << result["errors"];
}

// It says so in time (GOAWAY), so that no call is lost.
TEST_F(ClientRobustnessTest, ABenchOfAServerThatEndsOldConnections) {
  const ServerProcess server(
      {.path = "", .flags = {"--max_connection_age=50ms"}, .spawn = {}, .by = {}});
  for (const char* const shape : {"--shape=unary", "--shape=expand"}) {
    support::SpawnedProcess client(
        ClientCommand({server.path(), "--bench", "--duration=1s", "--warmup=0", "-c", "16",
                       "--connections=4", shape, "--json"}));
    EXPECT_EQ(client.Wait(), kExitOk) << client.err().Whole();
    const nlohmann::json result = nlohmann::json::parse(client.out().Whole(), nullptr, false);
    EXPECT_TRUE(result["errors"].empty()) << result["errors"];
  }
}

TEST_F(ClientRobustnessTest, CtrlCInABenchOfAServerThatHangs) {
  support::SpawnedProcess client(ClientCommand(
      {server_.path(), "--bench", "--duration=inf", "--warmup=0", "--timeout=inf", "--delay=1h"}));
  server_.Event("message_received");
  // timeout(1) sends it to the process and to its group: twice.
  client.Signal(SIGINT);
  client.Signal(SIGINT);
  EXPECT_EQ(client.Wait(), kInterrupted);
  EXPECT_THAT(client.out().Whole(), HasSubstr("no call succeeded"));
}

}  // namespace
}  // namespace udsecho::integration
