// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the server tells of its life, to people and to programs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"

namespace udsecho::integration {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;

// The one place where sentences are checked: this transcript is promised.
TEST(StartTest, TellsPeopleTheTranscript) {
  const support::TempDir dir;
  const std::string path = dir.Path("sock1");
  support::SpawnedProcess server(ServerCommand({path, "--log_time=false"}));
  ASSERT_NE(server.err().Line(0), "");
  const support::Finished client = RunClient({path, "Test this string"});
  EXPECT_EQ(client.out, "Test this string\n");
  ASSERT_NE(server.err().Line(3), "");
  server.Signal(SIGINT);
  EXPECT_EQ(server.Wait(), kClean);

  EXPECT_EQ(
      server.err().Whole(),
      absl::StrCat("[LISTENER] INFO  Starting Echo service on unix:", path, " (pid ", server.pid(),
                   ")\n",
                   "[LISTENER] INFO  * Starting communication with a client * (connection 1, uid ",
                   geteuid(), ", pid ", client.pid, ")\n",
                   "[LISTENER] INFO  Incoming message: Test this string (connection 1)\n"
                   "[LISTENER] INFO  Client socket was closed by peer (connection 1)\n"
                   "[LISTENER] INFO  Terminating service\n"));
  EXPECT_EQ(server.out().Whole(), "");
}

TEST(StartTest, TellsProgramsTheSame) {
  ServerProcess server;
  const support::Finished client = RunClient({server.path(), "héllo"});
  server.Event("connection_closed");
  EXPECT_EQ(server.Stop(), kClean);

  std::vector<std::string> names;
  for (const nlohmann::json& event : server.AllEvents()) {
    EXPECT_EQ(event.size(), 4U) << event;
    EXPECT_EQ(event["level"], "info");
    EXPECT_TRUE(event["fields"].is_object()) << event;
    names.push_back(event["event"]);
  }
  EXPECT_THAT(names, ElementsAre("service_started", "connection_opened", "message_received",
                                 "connection_closed", "service_terminating"));
  EXPECT_EQ(server.out().Whole(), "");

  const nlohmann::json peer = {
      {"connection", 1}, {"uid", geteuid()}, {"gid", getegid()}, {"pid", client.pid}};
  nlohmann::json message = peer;
  message["message"] = "héllo";
  message["bytes"] = 6;
  EXPECT_EQ(server.Event("connection_opened")["fields"], peer);
  EXPECT_EQ(server.Event("message_received")["fields"], message);
  EXPECT_EQ(server.Event("connection_closed")["fields"], peer);
  const nlohmann::json started = server.Event("service_started")["fields"];
  EXPECT_EQ(started["address"], absl::StrCat("unix:", server.path()));
  EXPECT_EQ(started["pid"], server.pid());
}

TEST(StartTest, JsonTimesAreUtcAndInOrder) {
  const absl::Time before = absl::Now() - absl::Milliseconds(20);  // coarse clocks lag
  ServerProcess server;
  RunClient({server.path(), "one", "two"});
  EXPECT_EQ(server.Stop(), kClean);
  absl::Time last = before;
  for (const nlohmann::json& event : server.AllEvents()) {
    const std::string text = event["time"];
    EXPECT_THAT(text, EndsWith("Z"));
    absl::Time time;
    std::string error;
    ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << text << ": " << error;
    EXPECT_GE(time, last);
    last = time;
  }
  EXPECT_LE(last, absl::Now());
}

TEST(StartTest, LinesOfTextHaveATimeWhereTheReaderHasNone) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  const absl::Time before = absl::Now() - absl::Milliseconds(20);  // coarse clocks lag
  support::SpawnedProcess server(ServerCommand({path}));
  const std::string line = server.err().Line(0);
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, line.substr(0, line.find(' ')), &time, &error))
      << line << ": " << error;
  EXPECT_GE(time, before);
  EXPECT_LE(time, absl::Now());
}

TEST(StartTest, LogLevelLeavesOutWhatIsBelow) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  support::SpawnedProcess server(ServerCommand({path, "--log_level=error"}));
  // Nothing is told, so the socket is what there is to wait for.
  const support::Deadline deadline;
  while (access(path.c_str(), F_OK) != 0 && !deadline.IsOver()) {
  }
  EXPECT_EQ(RunClient({path, "hello"}).out, "hello\n");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_EQ(server.err().Whole(), "");
}

TEST(StartTest, FixedReplyAnswersEveryMessage) {
  ServerProcess server({.path = "", .flags = {"--reply=Got your message"}, .spawn = {}});
  const std::string reply = "Got your message\n";
  EXPECT_EQ(RunClient({server.path(), "one", "two"}).out, reply + reply);
  EXPECT_EQ(RunClient({server.path()}, "three\nfour\n").out, reply + reply);
}

TEST(StartTest, HelpGoesToStandardOutput) {
  const support::Finished help = RunServer({"--help"});
  EXPECT_EQ(help.exit_code, kClean);
  EXPECT_THAT(help.out, ::testing::HasSubstr("--grace"));
  EXPECT_EQ(help.err, "");
}

}  // namespace
}  // namespace udsecho::integration
