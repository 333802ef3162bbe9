// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/events.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "rpc/call/connection_info.h"
#include "server/log.h"
#include "tests/server/capture.h"

namespace udsecho {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const rpc::Connection& Somebody() {
  static const rpc::Connection* const kSomebody = [] {
    auto* connection = new rpc::Connection;
    connection->id = 7;
    connection->peer.uid = 1000;
    connection->peer.gid = 100;
    connection->peer.pid = 4250;
    return connection;
  }();
  return *kSomebody;
}

// What a log shows of what `write` does.
std::vector<std::string> TextOf(const std::function<void(Log*)>& write,
                                LogLevel level = LogLevel::kInfo) {
  const Capture capture;
  {
    Log log(LogOptions{.level = level, .fd = capture.fd()});
    write(&log);
  }
  return capture.lines();
}

std::vector<nlohmann::json> JsonOf(const std::function<void(Log*)>& write) {
  const Capture capture;
  {
    Log log(LogOptions{.format = LogFormat::kJson, .fd = capture.fd()});
    write(&log);
  }
  std::vector<nlohmann::json> objects;
  for (const std::string& line : capture.lines()) objects.push_back(nlohmann::json::parse(line));
  return objects;
}

void TellALife(Log* log) {
  ServiceEvents service(log);
  ConnectionEvents connections(log, nullptr);
  MessageEvents messages(log, nullptr);
  service.Started("unix:/tmp/sock1", 4242);
  connections.Opened(Somebody());
  messages.Received("Test this string", Somebody());
  connections.Closed(Somebody());
  service.Terminating();
}

// The transcript is a promise to people, to the letter.
TEST(EventsTest, TheTranscript) {
  EXPECT_THAT(TextOf(TellALife),
              ElementsAre("[LISTENER] INFO  Starting Echo service on unix:/tmp/sock1 (pid 4242)",
                          "[LISTENER] INFO  * Starting communication with a client * "
                          "(connection 7, uid 1000, pid 4250)",
                          "[LISTENER] INFO  Incoming message: Test this string (connection 7)",
                          "[LISTENER] INFO  Client socket was closed by peer (connection 7)",
                          "[LISTENER] INFO  Terminating service"));
}

TEST(EventsTest, NamesAndFieldsForPrograms) {
  using nlohmann::json;
  const std::vector<json> life = JsonOf(TellALife);
  ASSERT_EQ(life.size(), 5u);
  const json peer = {{"connection", 7}, {"uid", 1000}, {"gid", 100}, {"pid", 4250}};
  EXPECT_EQ(life[0]["event"], "service_started");
  EXPECT_EQ(life[0]["fields"], json({{"address", "unix:/tmp/sock1"}, {"pid", 4242}}));
  EXPECT_EQ(life[1]["event"], "connection_opened");
  EXPECT_EQ(life[1]["fields"], peer);
  EXPECT_EQ(life[2]["event"], "message_received");
  EXPECT_EQ(life[2]["fields"], json({{"message", "Test this string"},
                                     {"bytes", 16},
                                     {"connection", 7},
                                     {"uid", 1000},
                                     {"gid", 100},
                                     {"pid", 4250}}));
  EXPECT_EQ(life[3]["event"], "connection_closed");
  EXPECT_EQ(life[3]["fields"], peer);
  EXPECT_EQ(life[4]["event"], "service_terminating");
  for (const json& line : life) EXPECT_EQ(line["level"], "info");
}

TEST(EventsTest, WhatGoesWrongHasACodeAndAMessage) {
  const std::vector<nlohmann::json> lines = JsonOf([](Log* log) {
    ServiceEvents service(log);
    service.Failed(absl::NotFoundError("no such\ndirectory"));
    service.AcceptPaused(absl::ResourceExhaustedError("out of descriptors"));
    service.CallsCutOff(3);
    ConnectionEvents(log, nullptr).Refused(absl::InternalError("no credentials"), nullptr);
  });
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0]["event"], "service_failed");
  EXPECT_EQ(lines[0]["level"], "error");
  EXPECT_EQ(lines[0]["fields"],
            nlohmann::json({{"code", "NOT_FOUND"}, {"message", "no such\ndirectory"}}));
  EXPECT_EQ(lines[1]["event"], "accept_paused");
  EXPECT_EQ(lines[2]["event"], "calls_cut_off");
  EXPECT_EQ(lines[2]["fields"]["count"], 3);
  EXPECT_EQ(lines[3]["event"], "connection_refused");
  EXPECT_EQ(lines[3]["fields"]["code"], "INTERNAL");
}

TEST(EventsTest, WhatIsToKnowOfThePath) {
  const std::vector<nlohmann::json> lines = JsonOf([](Log* log) {
    ServiceEvents service(log);
    service.PathAwaited("unix:/tmp/s", {.uid = 7, .pid = 42}, absl::Seconds(12));
    service.PathAwaited("unix:/tmp/s", {.uid = 7}, absl::Seconds(12));
    service.DirectoryShared(absl::FailedPreconditionError("everybody may write it"));
    service.PathUnlocked(absl::PermissionDeniedError("cannot make it"));
  });
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[3]["event"], "path_unlocked");
  EXPECT_EQ(lines[3]["level"], "warn");
  EXPECT_EQ(lines[3]["fields"]["message"], "cannot make it");
  EXPECT_EQ(lines[0]["event"], "path_awaited");
  EXPECT_EQ(lines[0]["level"], "info");
  EXPECT_EQ(lines[0]["fields"], nlohmann::json({{"uid", 7}, {"pid", 42}, {"seconds", 12}}));
  EXPECT_EQ(lines[1]["fields"]["pid"], 0);
  EXPECT_EQ(lines[2]["event"], "directory_shared");
  EXPECT_EQ(lines[2]["level"], "warn");
  EXPECT_EQ(lines[2]["fields"]["message"], "everybody may write it");
}

TEST(EventsTest, ARefusedConnectionHasItsId) {
  const auto refuse = [](Log* log) {
    ConnectionEvents(log, nullptr).Refused(absl::InternalError("too many"), &Somebody());
  };
  EXPECT_THAT(TextOf(refuse), ElementsAre("[LISTENER] WARN  A connection was refused: too many "
                                          "(connection 7, uid 1000, pid 4250)"));
  EXPECT_EQ(JsonOf(refuse)[0]["fields"], nlohmann::json({{"code", "INTERNAL"},
                                                         {"message", "too many"},
                                                         {"connection", 7},
                                                         {"uid", 1000},
                                                         {"gid", 100},
                                                         {"pid", 4250}}));
}

TEST(EventsTest, NoMessageForgesALine) {
  const std::vector<std::string> lines = TextOf([](Log* log) {
    MessageEvents(log, nullptr)
        .Received("x\n[LISTENER] INFO  Terminating service\x1b[1A", Somebody());
    ServiceEvents(log).Failed(absl::NotFoundError("a\nb"));
  });
  ASSERT_EQ(lines.size(), 2u);
  for (const std::string& line : lines) {
    for (const char byte : line) EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << line;
  }
}

TEST(EventsTest, AnAddressIsPrintableAlready) {
  const std::vector<std::string> lines =
      TextOf([](Log* log) { ServiceEvents(log).Started("unix:/tmp/a\\x5cb", 1); });
  EXPECT_THAT(lines, ElementsAre(HasSubstr(" unix:/tmp/a\\x5cb (pid 1)")));
}

TEST(EventsTest, ALongMessageIsCut) {
  const std::string message(4 << 20, 'x');
  const std::vector<std::string> lines =
      TextOf([&](Log* log) { MessageEvents(log, nullptr).Received(message, Somebody()); });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 300u);
  EXPECT_THAT(lines[0], HasSubstr("4194304"));
  const std::vector<nlohmann::json> objects =
      JsonOf([&](Log* log) { MessageEvents(log, nullptr).Received(message, Somebody()); });
  EXPECT_EQ(objects[0]["fields"]["message"], std::string(200, 'x'));
  EXPECT_EQ(objects[0]["fields"]["bytes"], 4 << 20);
}

TEST(EventsTest, AnUnknownPidIsLeftOut) {
  rpc::Connection peer;
  peer.id = 8;
  peer.peer.uid = 1000;
  const auto tell = [&](Log* log) { ConnectionEvents(log, nullptr).Opened(peer); };
  EXPECT_THAT(TextOf(tell), ElementsAre("[LISTENER] INFO  * Starting communication with a client * "
                                        "(connection 8, uid 1000)"));
  EXPECT_EQ(JsonOf(tell)[0]["fields"]["pid"], 0);
}

TEST(EventsTest, UnderLoadTwentyMessagesAndACountAreWritten) {
  std::vector<absl::Duration> wakes;
  const std::vector<nlohmann::json> lines = JsonOf([&](Log* log) {
    MessageEvents messages(
        log, [&](absl::Duration delay, const std::function<void()>&) { wakes.push_back(delay); });
    for (int i = 0; i < 10'000; ++i) messages.Received("x", Somebody());
  });
  int64_t shown = 0;
  int64_t counted = 0;
  for (const auto& line : lines) {
    shown += line["event"] == "message_received" ? 1 : 0;
    if (line["event"] == "messages_left_out") counted += line["fields"]["count"].get<int64_t>();
  }
  EXPECT_GE(shown, 20);
  EXPECT_LT(shown, 5'000);
  EXPECT_EQ(shown + counted, 10'000);
  EXPECT_EQ(lines.back()["event"], "messages_left_out");
  EXPECT_GE(wakes.size(), 1u);
}

// Each timer may ask for one more, as long as there is something left to tell.
TEST(EventsTest, UnderLoadEachKindOfLineHasOneTimer) {
  std::vector<std::function<void()>> timers;
  JsonOf([&](Log* log) {
    ConnectionEvents connections(log, [&](absl::Duration, std::function<void()> work) {
      timers.push_back(std::move(work));
    });
    for (int i = 0; i < 100; ++i) {
      connections.Opened(Somebody());
      connections.Closed(Somebody());
      connections.Refused(absl::ResourceExhaustedError("full"), nullptr);
    }
    for (int round = 0; round < 5; ++round) {
      ASSERT_LE(timers.size(), 3u) << "in round " << round;
      for (const auto& timer : std::exchange(timers, {})) timer();
    }
  });
}

TEST(EventsTest, ConnectionsOpenedAndClosedDoNotTakeEachOthersRoom) {
  const std::vector<nlohmann::json> lines = JsonOf([&](Log* log) {
    ConnectionEvents connections(log, nullptr);
    for (int i = 0; i < 100; ++i) connections.Opened(Somebody());
    connections.Closed(Somebody());
  });
  int closed = 0;
  for (const auto& line : lines) closed += line["event"] == "connection_closed" ? 1 : 0;
  EXPECT_EQ(closed, 1);
}

TEST(EventsTest, WhatIsBelowTheLevelIsNotCountedEither) {
  EXPECT_THAT(TextOf(
                  [](Log* log) {
                    MessageEvents messages(log, nullptr);
                    for (int i = 0; i < 100; ++i) messages.Received("x", Somebody());
                  },
                  LogLevel::kWarn),
              ElementsAre());
}

}  // namespace
}  // namespace udsecho
