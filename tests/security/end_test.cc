// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end, whatever the clients do: tests 22, 23 and 30 of docs/security.md.
//
// --grace is 1 s, and the hard bound a second after it; a test allows a loaded machine 15 s.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

#include "tests/integration/programs.h"
#include "tests/security/attack_test.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

using ::testing::AnyOf;

constexpr std::chrono::seconds kBound(15);

class EndTest : public AttackTest {
 protected:
  // Attacks on a thread of its own, until the server has ended after SIGTERM. Gives its exit code.
  int StopUnder(const std::function<void()>& attack) {
    honest().ExpectNothingLost();
    std::atomic<bool> ended = false;
    std::thread attacker([&] {
      while (attack && !ended) attack();
    });
    const auto start = std::chrono::steady_clock::now();
    server().Signal(SIGTERM);
    const int code = server().Wait();
    EXPECT_LT(std::chrono::steady_clock::now() - start, kBound);
    ended = true;
    attacker.join();
    EXPECT_FALSE(std::filesystem::exists(path()));
    return code;
  }

  void TearDown() override {}  // it has ended
};

TEST_F(EndTest, T22UnderAFloodThatNeverReads) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(10);
  const std::string message = DataFrame(1, GrpcMessage(EchoRequest(std::string(15'000, 'x'))));
  for (RawPeer& attacker : attackers) {
    ASSERT_TRUE(attacker.Send(Request(1, kChat) + WindowUpdateFrame(0, 0x7fff0000) +
                              WindowUpdateFrame(1, 0x7fff0000) + message));
  }
  // Whether a call is in flight at the cut is chance: they send more than they may.
  EXPECT_THAT(StopUnder([&] {
                for (RawPeer& attacker : attackers) attacker.Push(message);
              }),
              AnyOf(integration::kClean, integration::kCallsCutOff));
}

TEST_F(EndTest, T22WithAnswersThatHaveNoWindow) {
  Serve();
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 10; ++i) {
    attackers.push_back(Connect());
    ASSERT_TRUE(attackers.back().Send(std::string(kPreface) +
                                      SettingsFrame({{kInitialWindowSize, 0}}) + Request(1, kEcho) +
                                      DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  }
  honest().AwaitAnswers(10);
  EXPECT_EQ(StopUnder(nullptr), integration::kCallsCutOff);
}

TEST_F(EndTest, UnderRapidResets) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(10);
  std::uint32_t stream = 1;
  EXPECT_THAT(StopUnder([&] {
                std::string frames;
                for (int i = 0; i < 100; ++i, stream += 2) {
                  frames += Request(stream, kChat) + ResetFrame(stream);
                }
                for (RawPeer& attacker : attackers) attacker.Push(frames);
              }),
              AnyOf(integration::kClean, integration::kCallsCutOff));
}

TEST_F(EndTest, UnderPingsThatKeepItAwake) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(10);
  EXPECT_THAT(StopUnder([&] {
                for (RawPeer& attacker : attackers) attacker.Push(Times(100, PingFrame(1)));
              }),
              // gRPC may take longer than it has for what it has read; then the watchdog ends it.
              AnyOf(integration::kClean, integration::kCallsCutOff, integration::kStuck));
}

TEST_F(EndTest, UnderNewConnections) {
  Serve();
  EXPECT_THAT(StopUnder([&] {
                Connect().Send(std::string(kPreface) + SettingsFrame({}) + Request(1, kChat));
              }),
              AnyOf(integration::kClean, integration::kCallsCutOff));
}

TEST_F(EndTest, WithSilentConnections) {
  Serve({"--handshake_timeout=60s"});
  std::vector<RawPeer> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(Connect());
  EXPECT_EQ(StopUnder(nullptr), integration::kClean);
}

TEST_F(EndTest, T23IdleClientThatIgnoresGoAway) {
  Serve();
  std::vector<RawPeer> idle = Attackers(10);
  for (RawPeer& peer : idle) {
    ASSERT_TRUE(
        peer.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
    ASSERT_EQ(peer.AwaitStatus(1), 0);
  }
  EXPECT_EQ(StopUnder(nullptr), integration::kClean);
}

TEST_F(EndTest, SecondSignalDoesNotWaitForAnybody) {
  Serve({"--grace=1h"});
  honest().ExpectNothingLost();
  std::vector<RawPeer> attackers = Attackers(10);
  for (RawPeer& attacker : attackers) BeginLongCall(&attacker);
  server().Signal(SIGTERM);
  server().Event("service_terminating");
  const support::Deadline deadline;
  // Those within half a second of the first count for nothing.
  while (!attackers.front().IsClosed() && !deadline.IsOver()) {
    server().Signal(SIGTERM);
    poll(nullptr, 0, 10);
  }
  EXPECT_EQ(server().Wait(), integration::kCallsCutOff);
}

// A server of rpc/ whose handler never comes back: tests/security/stuck_server.cc.
TEST(WatchdogTest, T30HandlerStuckPastTheDeadline) {
  const support::TempDir dir;
  support::SpawnedProcess server(
      {std::filesystem::absolute(std::getenv("UDSECHO_STUCK_SERVER")).string(), dir.Path("s")});
  ASSERT_EQ(server.out().Line(0), "serving");
  RawPeer peer(support::ConnectAs(geteuid(), dir.Path("s")));
  ASSERT_TRUE(peer.Greet());
  ASSERT_TRUE(peer.Send(Request(1, "/udsecho.testing.v1.Probe/Ask") +
                        DataFrame(1, GrpcMessage(""), kEndStream)));
  ASSERT_EQ(server.out().Line(1), "stuck");
  const auto start = std::chrono::steady_clock::now();
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 128 + SIGABRT);
  EXPECT_LT(std::chrono::steady_clock::now() - start, kBound);
  EXPECT_FALSE(std::filesystem::exists(dir.Path("s")));
  EXPECT_TRUE(peer.AwaitClosed());
}

}  // namespace
}  // namespace udsecho::security
