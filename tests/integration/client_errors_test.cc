// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How the client fails: an exit code for scripts, one line for people, soon.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "absl/strings/match.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using std::chrono::milliseconds;

support::Finished ExpectError(const std::vector<std::string>& arguments, int exit_code,
                              absl::string_view input = "") {
  support::Finished client = RunClient(arguments, input);
  EXPECT_EQ(client.exit_code, exit_code);
  EXPECT_EQ(client.out, "");
  EXPECT_TRUE(IsOneLine(client.err)) << client.err;
  return client;
}

// A socket that nobody listens at any more.
void LeaveDeadSocket(const std::string& path) {
  ServerProcess server({.path = path, .flags = {}, .spawn = {}});
  server.Signal(SIGKILL);
  server.Wait();
}

TEST(ClientErrorsTest, NobodyListens) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  EXPECT_THAT(ExpectError({path, "hi"}, kExitNoConnection).err, ::testing::HasSubstr(path));
  EXPECT_THAT(ExpectError({path}, kExitNoConnection, "hi\n").err, ::testing::HasSubstr(path));
  LeaveDeadSocket(path);
  EXPECT_THAT(ExpectError({path, "hi"}, kExitNoConnection).err, ::testing::HasSubstr(path));
}

TEST(ClientErrorsTest, NobodyListensIsToldAtOnce) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  LeaveDeadSocket(path);
  auto best = milliseconds::max();
  // The best of several: what the machine does besides is not the client's.
  for (int i = 0; i < 50 && best >= milliseconds(100); ++i) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(RunClient({path, "hi"}).exit_code, kExitNoConnection);
    best = std::min(
        best, std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin));
  }
  EXPECT_LT(best, milliseconds(100));
}

TEST(ClientErrorsTest, NoSocketAtThePath) {
  const support::TempDir dir;
  std::ofstream(dir.Path("file")).flush();
  ExpectError({dir.Path("file"), "hi"}, kExitNoConnection);
  ExpectError({dir.path() + "/missing/s", "hi"}, kExitNoConnection);
}

class StoppedServerTest : public ::testing::Test {
 protected:
  StoppedServerTest() { server_.Signal(SIGSTOP); }

  void ExpectDeadlineExceeded(const std::vector<std::string>& arguments, absl::string_view input) {
    std::vector<std::string> all = {server_.path(), "--timeout=100ms"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    ExpectError(all, kDeadlineExceeded, input);
  }

  ServerProcess server_;
};

TEST_F(StoppedServerTest, CallEndsAtTheTimeout) { ExpectDeadlineExceeded({"hi"}, ""); }

TEST_F(StoppedServerTest, StreamEndsAtTheTimeout) { ExpectDeadlineExceeded({}, "hi\n"); }

TEST(ClientErrorsTest, ServerIsKilledInTheMiddleOfAStream) {
  ServerProcess server;
  support::SpawnedProcess client(ClientCommand({server.path()}));
  client.Write("one\n");
  ASSERT_EQ(client.out().Line(0), "one");
  server.Signal(SIGKILL);
  // Its input stays open: it ends for want of a server.
  EXPECT_EQ(client.Wait(), kUnavailable);
  EXPECT_EQ(client.out().Whole(), "one\n");
  EXPECT_TRUE(IsOneLine(client.err().Whole())) << client.err().Whole();
}

TEST(ClientErrorsTest, BadUsage) {
  ExpectError({}, kExitUsage);
  ExpectError({"", "hi"}, kExitUsage);
  ExpectError({"tcp:localhost:1", "hi"}, kExitUsage);
  ExpectError({"/tmp/nobody", "--timeout=soon", "hi"}, kExitUsage);
  ExpectError({"/tmp/nobody", "--timeout=0", "hi"}, kExitUsage);
  ExpectError({"/tmp/nobody", "--timeout=-1s", "hi"}, kExitUsage);
  ExpectError({"/tmp/nobody", "--no_such_flag", "hi"}, kExitUsage);
  ExpectError({"/tmp/forged\nline\x1b[2J", "--no_such\nflag"}, kExitUsage);
}

TEST(ClientErrorsTest, HelpAndVersion) {
  const support::Finished help = RunClient({"--help"});
  EXPECT_EQ(help.exit_code, kExitOk);
  EXPECT_THAT(help.out, ::testing::HasSubstr("--timeout"));
  EXPECT_EQ(help.err, "");
  EXPECT_LE(LongestLine(help.out), 80u);
  EXPECT_LE(LongestLine(RunClient({"--help=all"}).out), 80u);
  const support::Finished version = RunClient({"--version"});
  EXPECT_EQ(version.exit_code, kExitOk);
  EXPECT_TRUE(IsOneLine(version.out)) << version.out;
}

}  // namespace
}  // namespace udsecho::integration
