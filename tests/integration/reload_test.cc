// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// SIGHUP, and signals that the server was started with as ignored.

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/notice_reader.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "tests/support/terminal.h"

namespace udsecho::integration {
namespace {

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Whether the file gets to have such a text.
bool GetsToHave(const std::string& path, const std::string& text) {
  const support::Deadline deadline;
  while (!absl::StrContains(Read(path), text)) {
    if (deadline.IsOver()) return false;
    poll(nullptr, 0, 1);
  }
  return true;
}

class ReloadTest : public ::testing::Test {
 protected:
  void WriteFlags(const std::string& lines) { std::ofstream(flags_) << lines; }
  ServerProcess::Options WithFlagFile() const {
    return {.path = "", .flags = {absl::StrCat("--flagfile=", flags_)}, .spawn = {}};
  }

  const support::TempDir dir_;
  const std::string flags_ = dir_.Path("flags");
};

TEST_F(ReloadTest, LosesNoCall) {
  ServerProcess server;
  std::future<Answer> slow =
      std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", 1000));
  server.Event("message_received");
  server.Signal(SIGHUP);
  server.Event("service_reloaded");
  EXPECT_EQ(RunClient({server.path(), "meanwhile"}).out, "meanwhile\n");
  EXPECT_TRUE(slow.get().status.ok());
  EXPECT_EQ(server.Stop(), kClean);
}

TEST_F(ReloadTest, ChangesTheLevel) {
  WriteFlags("--log_level=error\n");
  const std::string path = dir_.Path("s");
  support::SpawnedProcess server(
      ServerCommand({path, "--log_format=json", absl::StrCat("--flagfile=", flags_)}));
  EXPECT_EQ(RunClient({path, "unheard", "--wait=60s"}).out, "unheard\n");
  WriteFlags("--log_level=info\n");
  server.Signal(SIGHUP);
  EXPECT_EQ(ParseLogLine(server.err().Line(0))["event"], "service_reloaded");
  EXPECT_EQ(RunClient({path, "heard"}).out, "heard\n");
  EXPECT_TRUE(absl::StrContains(server.err().Line(2), "\"heard\""));
}

TEST_F(ReloadTest, OpensTheLogFilesAnew) {
  const std::string path = dir_.Path("s");
  const std::string log = dir_.Path("log");
  const std::string access = dir_.Path("access");
  support::SpawnedProcess server(
      ServerCommand({path, "--log_format=json", absl::StrCat("--log_file=", log),
                     absl::StrCat("--access_log=", access)}));
  EXPECT_EQ(RunClient({path, "first", "--wait=60s"}).out, "first\n");
  EXPECT_TRUE(GetsToHave(access, "/udsecho.v1.Echo/Echo"));
  for (const std::string& file : {log, access}) std::filesystem::rename(file, file + ".1");
  server.Signal(SIGHUP);
  EXPECT_TRUE(GetsToHave(log, "service_reloaded"));
  EXPECT_EQ(RunClient({path, "second"}).out, "second\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_TRUE(absl::StrContains(Read(log + ".1"), "\"first\""));
  EXPECT_FALSE(absl::StrContains(Read(log + ".1"), "\"second\""));
  EXPECT_TRUE(absl::StrContains(Read(log), "\"second\""));
  EXPECT_TRUE(absl::StrContains(Read(access), "/udsecho.v1.Echo/Echo"));
  EXPECT_EQ(server.err().Whole(), "");
}

TEST_F(ReloadTest, OpensThemAnewThoughTheFlagsAreWrong) {
  const std::string log = dir_.Path("log");
  WriteFlags(absl::StrCat("--log_file=", log, "\n"));
  support::SpawnedProcess server(
      ServerCommand({dir_.Path("s"), "--log_format=json", absl::StrCat("--flagfile=", flags_)}));
  EXPECT_TRUE(GetsToHave(log, "service_started"));
  std::filesystem::rename(log, log + ".1");
  WriteFlags("--nonsense\n");
  server.Signal(SIGHUP);
  EXPECT_TRUE(GetsToHave(log, "reload_failed"));
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_FALSE(absl::StrContains(Read(log + ".1"), "service_terminating"));
}

TEST_F(ReloadTest, ThatFailsChangesNothing) {
  WriteFlags("--allow=uid:4321\n--log_level=info\n");
  ServerProcess server(WithFlagFile());
  int nth = 0;
  for (const char* lines : {"--allow=user:no-such-user-here\n", "--log_level=loud\n",
                            "nonsense x\n", "--allow=uid:4321\n--log_file=/no/such/directory/log\n",
                            "--log_level=error\n" /* the allow list is gone */}) {
    WriteFlags(lines);
    server.Signal(SIGHUP);
    EXPECT_EQ(server.Event("reload_failed", ++nth)["level"], "error") << lines;
  }
  std::filesystem::remove(flags_);
  server.Signal(SIGHUP);
  server.Event("reload_failed", ++nth);
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  server.Event("message_received");  // the level is as it was
  EXPECT_EQ(server.Stop(), kClean);
}

TEST_F(ReloadTest, SaysWhatTakesARestart) {
  WriteFlags("--log_level=info\n");
  ServerProcess server(WithFlagFile());
  WriteFlags("--log_level=info\n--reply=other\n");
  server.Signal(SIGHUP);
  server.Event("reload_incomplete");
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
}

TEST_F(ReloadTest, IsToldToTheServiceManager) {
  NoticeReader notices;
  ServerProcess::Options options;
  options.spawn.environment = {notices.variable()};
  ServerProcess server(options);
  EXPECT_EQ(notices.Await("READY"), "1");
  server.Signal(SIGHUP);
  EXPECT_EQ(notices.Await("RELOADING"), "1");
  EXPECT_GT(std::stoll(notices.Await("MONOTONIC_USEC")), 0);
  EXPECT_EQ(notices.Await("READY"), "1");
}

// `nohup server`, and `server &` in a script.
TEST(IgnoredSignalsTest, StayIgnoredButForSigterm) {
  ServerProcess server({.path = "",
                        .flags = {},
                        .spawn = {},
                        .by = {"/bin/sh", "-c", R"(trap '' INT HUP TERM; exec "$@")", "sh"}});
  server.Signal(SIGINT);
  server.Signal(SIGHUP);
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
  for (const nlohmann::json& event : server.AllEvents()) {
    EXPECT_NE(event["event"], "service_reloaded");
  }
}

// A program that sends it twice means it, as wrappers do that pass Ctrl-C on.
TEST(IgnoredSignalsTest, SigintCountsIfAProgramSendsItTwiceAtOnce) {
  ServerProcess server({.path = "",
                        .flags = {},
                        .spawn = {},
                        .by = {"/bin/sh", "-c", R"(trap '' INT; exec "$@")", "sh"}});
  const support::Deadline deadline;
  // Often, as two that come before it looks are one to the kernel.
  while (!absl::StrContains(server.LogSoFar(), "service_terminating")) {
    ASSERT_FALSE(deadline.IsOver());
    server.Signal(SIGINT);
    poll(nullptr, 0, 20);
  }
  EXPECT_EQ(server.Wait(), kClean);
}

// The window of a server that runs in the foreground is closed: nobody is left to stop it.
TEST(TerminalGoneTest, DrainsTheServer) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  {
    support::Terminal terminal(ServerCommand({path}));
    ASSERT_TRUE(terminal.Sees("Starting"));
    std::future<Answer> slow =
        std::async(std::launch::async, Echo, Connect(path), Delayed("slow", 1000));
    ASSERT_TRUE(terminal.Sees("Incoming message"));
    terminal.Close();
    EXPECT_TRUE(slow.get().status.ok());
    EXPECT_EQ(terminal.Wait(), kClean);
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace udsecho::integration
