// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end of the server, in frames.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

class DrainWireTest : public WireTest {
 protected:
  struct Away {
    std::uint32_t last_stream;
    std::uint32_t code;
  };

  // All GOAWAYs until the connection's end.
  static std::vector<Away> ReadToTheEnd(RawPeer* peer) {
    std::vector<Away> aways;
    while (const std::optional<ReadFrame> frame = peer->Await(kGoAway)) {
      const absl::string_view payload = frame->payload;
      aways.push_back({.last_stream = NumberOf(payload.substr(0, 4)) & 0x7fffffff,
                       .code = NumberOf(payload.substr(4, 4))});
    }
    return aways;
  }

  static void ExpectFriendly(const std::vector<Away>& aways, std::uint32_t last_stream) {
    ASSERT_FALSE(aways.empty());
    for (const Away& away : aways) EXPECT_EQ(away.code, kNoError);
    // What is over it the client may send again elsewhere.
    for (const Away& away : aways) EXPECT_GE(away.last_stream, last_stream);
  }
};

TEST_F(DrainWireTest, IdleConnectionIsToldToGoAwayWithoutAnError) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(IsAlive(&peer, 1));
  server().Signal(SIGTERM);
  ExpectFriendly(ReadToTheEnd(&peer), 1);
  EXPECT_EQ(Stop(), integration::kClean);
}

TEST_F(DrainWireTest, BusyOneToo) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Request(1, kChat)) && IsAlive(&peer, 3));
  server().Signal(SIGTERM);
  ASSERT_TRUE(peer.Await(kGoAway).has_value());
  ASSERT_TRUE(peer.Send(DataFrame(1, GrpcMessage(EchoRequest("last")), kEndStream)));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
  EXPECT_THAT(peer.reply(1).messages(), ::testing::ElementsAre(EchoRequest("last")));
  EXPECT_EQ(AwaitExit(), integration::kClean);
  for (const Away& away : ReadToTheEnd(&peer)) EXPECT_EQ(away.code, kNoError);
}

// Every one of a hundred is told, and the count is right.
TEST_F(DrainWireTest, CutTellsEveryStream) {
  constexpr std::uint32_t kStreams = 100;
  Serve({"--grace=100ms"});
  RawPeer peer = Connect();
  std::string frames;
  for (std::uint32_t i = 0; i < kStreams; ++i) {
    const std::uint32_t stream = 2 * i + 1;
    frames += i % 2 == 0 ? LongCall(stream) : Request(stream, kChat);
  }
  ASSERT_TRUE(peer.Send(frames) && IsAlive(&peer, 2 * kStreams + 1));
  server().Signal(SIGTERM);
  for (std::uint32_t i = 0; i < kStreams; ++i) {
    EXPECT_EQ(peer.AwaitStatus(2 * i + 1), kUnavailableStatus) << "stream " << 2 * i + 1;
  }
  EXPECT_EQ(AwaitExit(), integration::kCallsCutOff);
  EXPECT_EQ(server().Event("calls_cut_off")["fields"]["count"], kStreams);
}

// Connections of ten streams each.
TEST_F(DrainWireTest, CutTellsEveryConnection) {
  Serve({"--grace=100ms"});
  std::vector<RawPeer> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(Connect());
    std::string frames;
    for (std::uint32_t stream = 1; stream < 20; stream += 2) frames += LongCall(stream);
    ASSERT_TRUE(peers.back().Send(frames) && IsAlive(&peers.back(), 21));
  }
  server().Signal(SIGTERM);
  for (RawPeer& peer : peers) {
    for (std::uint32_t stream = 1; stream < 20; stream += 2) {
      EXPECT_EQ(peer.AwaitStatus(stream), kUnavailableStatus);
    }
  }
  EXPECT_EQ(AwaitExit(), integration::kCallsCutOff);
  EXPECT_EQ(server().Event("calls_cut_off")["fields"]["count"], 100);
}

// Hundreds that connected and called before the signal, and were not accepted yet.
TEST_F(DrainWireTest, WholeBacklogIsAnswered) {
  constexpr int kPeers = 300;
  Serve();
  server().Signal(SIGSTOP);
  std::vector<RawPeer> peers;
  for (int i = 0; i < kPeers; ++i) {
    peers.push_back(Connect());
    ASSERT_TRUE(peers.back().Send(Call(1, kEcho, EchoRequest("from the backlog"))));
  }
  server().Signal(SIGTERM);
  server().Signal(SIGCONT);
  int answered = 0;
  for (RawPeer& peer : peers) {
    if (peer.AwaitStatus(1) == kOk) ++answered;
  }
  EXPECT_EQ(answered, kPeers);
  EXPECT_EQ(AwaitExit(), integration::kClean);
}

}  // namespace
}  // namespace udsecho::security
