// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Messages in the log: they cannot forge anything there, and a load of them cannot flood it.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

constexpr char kForgery[] =
    "hi\n[LISTENER] INFO  Terminating service\r\x1b[2J\x1b]0;title\x07\v\f\x7f\u0085\u009b2J"
    "\u2028x\u202Ey\u202C";

TEST(MessageLogTest, MessageCannotForgeALineOfText) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  support::SpawnedProcess server(ServerCommand({path}));
  ASSERT_NE(server.err().Line(0), "");
  ASSERT_EQ(RunClient({path, kForgery}).out, absl::StrCat(kForgery, "\n"));
  ASSERT_NE(server.err().Line(3), "");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);

  const std::string log = server.err().Whole();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 5) << log;
  for (const char byte : log) {
    EXPECT_TRUE(byte == '\n' || !absl::ascii_iscntrl(byte)) << "byte " << int{byte};
  }
  EXPECT_FALSE(absl::StrContains(log, "\u0085")) << log;  // C1: next line
  EXPECT_FALSE(absl::StrContains(log, "\u009b")) << log;  // C1: control sequence introducer
  // What U+2028 to U+202E begin with: line separator, direction controls.
  EXPECT_FALSE(absl::StrContains(log, "\xe2\x80")) << log;
}

TEST(MessageLogTest, MessageCannotForgeALineOfJson) {
  ServerProcess server;
  const std::string forgery = absl::StrCat(kForgery, "\"}\n{\"event\":\"service_terminating\"}");
  ASSERT_EQ(RunClient({server.path(), forgery}).out, absl::StrCat(forgery, "\n"));
  EXPECT_EQ(server.Event("message_received")["fields"]["message"], forgery);
  server.Event("connection_closed");
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_EQ(server.AllEvents().size(), 5U);
}

std::string Lines(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) absl::StrAppend(&lines, "message ", i, "\n");
  return lines;
}

struct Told {
  int64_t shown = 0;
  int64_t left_out = 0;
};

Told Count(ServerProcess* server) {
  Told told;
  for (const nlohmann::json& event : server->AllEvents()) {
    if (event["event"] == "message_received") ++told.shown;
    if (event["event"] == "messages_left_out") {
      told.left_out += event["fields"]["count"].get<int64_t>();
    }
  }
  return told;
}

TEST(MessageLogTest, LoadIsCountedAndNotShown) {
  constexpr int kMessages = 3000;
  ServerProcess server;
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(RunClient({server.path()}, Lines(kMessages / 3)).exit_code, kExitOk);
  }
  const absl::Duration load = absl::Now() - begin;
  // Tells without being asked, a second after the load.
  server.Event("messages_left_out");
  EXPECT_EQ(server.Stop(), kClean);

  const Told told = Count(&server);
  EXPECT_GE(told.shown, 20);
  // The limit goes by a clock that may be a tick of 10 ms behind.
  EXPECT_LE(told.shown, 20 * (1 + absl::ToInt64Seconds(load + absl::Milliseconds(10))));
  EXPECT_EQ(told.shown + told.left_out, kMessages);
}

TEST(MessageLogTest, WhatIsNotYetCountedAtTheEndIsCountedThen) {
  constexpr int kMessages = 100;
  ServerProcess server;
  ASSERT_EQ(RunClient({server.path()}, Lines(kMessages)).exit_code, kExitOk);
  EXPECT_EQ(server.Stop(), kClean);
  const Told told = Count(&server);
  EXPECT_EQ(told.shown + told.left_out, kMessages);
}

TEST(MessageLogTest, ServerOutlivesTheReaderOfItsLog) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  const std::string log = dir.Path("log");
  ASSERT_EQ(mkfifo(log.c_str(), 0600), 0);
  support::SpawnedProcess server(
      {"/bin/sh", "-c", R"(exec "$0" "$1" 2>"$2")", ServerCommand({})[0], path, log});
  std::string line;
  ASSERT_TRUE(std::getline(std::ifstream(log), line));  // and closes it
  ASSERT_TRUE(absl::StrContains(line, path)) << line;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(RunClient({path, "hello"}).out, "hello\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
