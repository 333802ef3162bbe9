// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Clients that do not care that the server wants to end do not hold it up.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <string>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/integration/stuck_reader.h"
#include "tests/support/patience.h"
#include "uds/connect.h"

namespace udsecho::integration {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What the server has after its grace period (README), and what a machine under load may add.
constexpr milliseconds kForce = seconds(1);
constexpr milliseconds kLoad = seconds(3);

// HTTP/2 by hand (RFC 9113): the preface, our SETTINGS, and, before it was sent, the
// acknowledgement of the server's. With that a connection is as good as it can get.
constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr char kSettings[] = "\0\0\0\x04\0\0\0\0";
constexpr char kSettingsAck[] = "\0\0\0\x04\x01\0\0\0";

std::string Bytes(const char* frame) { return std::string(frame, 9); }

// Connected, and says `text` and never more.
uds::UniqueFd RawClient(const ServerProcess& server, const std::string& text) {
  absl::StatusOr<uds::UniqueFd> fd =
      uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(60));
  EXPECT_TRUE(fd.ok()) << fd.status();
  EXPECT_EQ(send(fd->get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
  return *std::move(fd);
}

milliseconds TimeToStop(ServerProcess* server, int expected_exit_code) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(server->Stop(), expected_exit_code);
  const auto took = std::chrono::ceil<milliseconds>(std::chrono::steady_clock::now() - begin);
  ::testing::Test::RecordProperty("milliseconds", static_cast<int>(took.count()));
  return took;
}

// The default grace period of 10 s is for calls, and these have none.
void ExpectNoHoldUp(const std::string& said) {
  ServerProcess server;
  const uds::UniqueFd idle = RawClient(server, said);
  // A call after it: by now the server has accepted it, and looked at what was said.
  ASSERT_TRUE(Echo(Connect(server.path()), Message("x")).status.ok());
  EXPECT_LT(TimeToStop(&server, kClean), kForce + kLoad);
}

TEST(DrainClientsTest, Silent) { ExpectNoHoldUp(""); }

TEST(DrainClientsTest, HalfAPreface) { ExpectNoHoldUp("PRI * HTTP/2.0\r\n"); }

TEST(DrainClientsTest, NoAcknowledgementOfSettings) { ExpectNoHoldUp(kPreface + Bytes(kSettings)); }

TEST(DrainClientsTest, IgnoresGoaway) {
  ExpectNoHoldUp(kPreface + Bytes(kSettings) + Bytes(kSettingsAck));
}

TEST(DrainClientsTest, SpeaksNoHttp2) { ExpectNoHoldUp("GET / HTTP/1.1\r\nHost: x\r\n\r\n"); }

TEST(DrainClientsTest, IdleChannelThatMadeACall) {
  ServerProcess server;
  const std::shared_ptr<grpc::Channel> channel = Connect(server.path());
  ASSERT_TRUE(Echo(channel, Message("x")).status.ok());
  EXPECT_LT(TimeToStop(&server, kClean), kForce + kLoad);
}

TEST(DrainClientsTest, StoppedClientThatIsIdle) {
  ServerProcess server({.path = "", .flags = {"--grace=200ms"}, .spawn = {}});
  support::SpawnedProcess client(ClientCommand({server.path()}));
  client.Write("one\n");
  ASSERT_EQ(client.out().Line(0), "one");
  client.Signal(SIGSTOP);
  EXPECT_LT(TimeToStop(&server, kCallsCutOff), milliseconds(200) + kForce + kLoad);
}

TEST(DrainClientsTest, NeverReads) {
  ServerProcess server({.path = "", .flags = {"--grace=200ms"}, .spawn = {}});
  StuckReader stuck(server.path());
  ASSERT_TRUE(stuck.SendUntilHeldBack());
  EXPECT_LT(TimeToStop(&server, kCallsCutOff), milliseconds(200) + kForce + kLoad);
}

TEST(DrainClientsTest, HundredOfThem) {
  ServerProcess server({.path = "", .flags = {"--grace=200ms"}, .spawn = {}});
  std::vector<uds::UniqueFd> idle;
  idle.reserve(100);
  for (int i = 0; i < 100; ++i) {
    idle.push_back(RawClient(server, i % 2 == 0 ? "" : kPreface + Bytes(kSettings)));
  }
  EXPECT_LT(TimeToStop(&server, kClean), milliseconds(200) + kForce + kLoad);
  for (const uds::UniqueFd& fd : idle) {
    char rest[4096];
    ssize_t count = 1;
    while (count > 0) {
      pollfd readable = {fd.get(), POLLIN, 0};
      ASSERT_EQ(poll(&readable, 1, support::Deadline().MillisecondsLeft()), 1);
      count = recv(fd.get(), rest, sizeof(rest), 0);
    }
    EXPECT_TRUE(count == 0 || errno == ECONNRESET);
  }
}

}  // namespace
}  // namespace udsecho::integration
