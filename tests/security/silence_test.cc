// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Clients that do not speak, or not HTTP/2: test 17 of docs/security.md, and its like.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <ostream>

#include "tests/security/attack_test.h"

namespace udsecho::security {
namespace {

struct Opening {
  std::string name;
  std::string bytes;
};

void PrintTo(const Opening& opening, std::ostream* out) { *out << opening.name; }

const std::string& AllButSettings() {
  static const std::string* const kBytes = new std::string(kPreface);
  return *kBytes;
}

std::string HalfOf(const std::string& bytes) { return bytes.substr(0, bytes.size() / 2); }

class SilenceTest : public AttackTest, public ::testing::WithParamInterface<Opening> {};

INSTANTIATE_TEST_SUITE_P(
    T17, SilenceTest,
    ::testing::Values(
        Opening{"Silent", ""}, Opening{"HalfPreface", HalfOf(AllButSettings())},
        Opening{"NoSettings", AllButSettings()},
        Opening{"HalfSettings", AllButSettings() + HalfOf(SettingsFrame({{kHeaderTableSize, 0}}))},
        Opening{"HeadersForSettings", AllButSettings() + Request(1, kEcho)},
        Opening{"LongSettings",
                AllButSettings() + SettingsFrame({{kHeaderTableSize, 0}}).replace(0, 1, "\xff")},
        Opening{"Http1", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Opening{"TlsHello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) +
                                std::string(500, '\x5a')},
        Opening{"Garbage", std::string(100'000, '\xa5')},
        Opening{"Zeros", std::string(100'000, '\0')}),
    [](const auto& info) { return info.param.name; });

// All of them are closed by the server, and meanwhile others are served.
TEST_P(SilenceTest, IsClosedInTime) {
  Serve();
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 50; ++i) {
    attackers.push_back(Connect());
    attackers.back().SendWhatFits(GetParam().bytes);
  }
  for (RawPeer& attacker : attackers) EXPECT_TRUE(attacker.AwaitClosed());
}

using ManyTest = AttackTest;

// As load generators do: all connect, then all speak.
TEST_F(ManyTest, ThatConnectFirstAndSpeakLaterAreServed) {
  Serve();
  std::vector<RawPeer> peers;
  for (int i = 0; i < 900; ++i) peers.push_back(Connect());
  for (RawPeer& peer : peers) {
    peer.Greet();
    EXPECT_TRUE(
        peer.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  }
  for (RawPeer& peer : peers) EXPECT_EQ(peer.AwaitStatus(1), 0);
}

using GarbageTest = SilenceTest;

// After a proper beginning: each is an error of HTTP/2 that ends the connection.
INSTANTIATE_TEST_SUITE_P(
    AfterSettings, GarbageTest,
    ::testing::Values(
        Opening{"Http1", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"},
        Opening{"Ones", std::string(100'000, '\xff')}, Opening{"SecondPreface", AllButSettings()},
        Opening{"DataOfStreamZero", DataFrame(0, "x")},
        Opening{"HeadersOfStreamZero", Request(0, kEcho)},
        Opening{"HeadersOfEvenStream", Request(2, kEcho)},
        Opening{"FrameOverItsLimit", FrameOf(kData, kNone, 1, std::string(5'000'000, 'x'))},
        Opening{"ContinuationOfNothing", FrameOf(kContinuation, kNone, 1, "x")},
        Opening{"PushPromise", FrameOf(kPushPromise, kEndHeaders, 1, "x")},
        Opening{"ShortPing", FrameOf(kPing, kNone, 0, "x")},
        Opening{"SettingsOfWrongLength", FrameOf(kSettings, kNone, 0, "x")},
        Opening{"SettingsOutOfRange", SettingsFrame({{kMaxFrameSize, 1}})},
        Opening{"WindowOverItsLimit", Times(3, WindowUpdateFrame(0, 0x7fffffff))},
        Opening{"BadHeaderBlock", FrameOf(kHeaders, kEndHeaders, 1, "\xff\xff\xff\xff\xff")}),
    [](const auto& info) { return info.param.name; });

TEST_P(GarbageTest, CostsOthersNothing) {
  Serve();
  std::vector<RawPeer> attackers = Attackers(20);
  for (RawPeer& attacker : attackers) {
    attacker.SendWhatFits(GetParam().bytes);
    attacker.HalfClose();
  }
  honest().AwaitAnswers(20);
  for (RawPeer& attacker : attackers) EXPECT_TRUE(attacker.AwaitClosed());
}

class HandshakeTest : public AttackTest {};

TEST_F(HandshakeTest, T17PiecesThatComeInTimeAreServed) {
  Serve({"--handshake_timeout=60s"});
  RawPeer slow = Connect();
  for (const char byte : std::string(kPreface) + SettingsFrame({{kHeaderTableSize, 0}})) {
    ASSERT_TRUE(slow.Send(std::string(1, byte)));
  }
  ASSERT_TRUE(
      slow.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(slow.AwaitStatus(1), 0);
}

// The class of those who have not spoken is full of one uid's: the next one of it takes the place
// of its oldest, and nobody else waits.
TEST_F(HandshakeTest, ManySilentOnesOfOneUidCostOnlyIt) {
  Serve({"--handshake_timeout=60s", "--max_silent_connections=20"});
  std::vector<RawPeer> silent;
  for (int i = 0; i < 100; ++i) silent.push_back(Connect());
  EXPECT_TRUE(silent.front().AwaitClosed());
  RawPeer again = Attacker();
  ASSERT_TRUE(
      again.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(again.AwaitStatus(1), 0);
  RawPeer another = Attacker(kSecondAttacker);
  ASSERT_TRUE(
      another.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(another.AwaitStatus(1), 0);
  honest().AwaitAnswers(20);
}

// Half a preface on a socket that says by half-closing that no more will come.
TEST_F(HandshakeTest, HalfClosedBeforeItSpoke) {
  Serve();
  std::vector<RawPeer> attackers;
  for (int i = 0; i < 200; ++i) {
    attackers.push_back(Connect());
    if (i % 2 == 0) attackers.back().Send(HalfOf(AllButSettings()));
    attackers.back().HalfClose();
  }
  for (RawPeer& attacker : attackers) EXPECT_TRUE(attacker.AwaitClosed());
}

TEST_F(HandshakeTest, T16UidAtItsCapOfConnectionsCostsAnotherNothing) {
  Serve({"--max_connections_per_uid=20"});
  std::vector<RawPeer> attackers = Attackers(20);
  for (RawPeer& attacker : attackers) {
    ASSERT_TRUE(
        attacker.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
    EXPECT_EQ(attacker.AwaitStatus(1), 0);
  }
  // The calls of one more are told so, and then it is closed.
  constexpr int kResourceExhausted = 8;
  RawPeer one_more = Attacker();
  ASSERT_TRUE(
      one_more.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(one_more.AwaitStatus(1), kResourceExhausted);
  EXPECT_TRUE(one_more.AwaitClosed());
  honest().AwaitAnswers(20);
  RawPeer another = Attacker(kSecondAttacker);
  ASSERT_TRUE(
      another.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(another.AwaitStatus(1), 0);
  // Once one of them has gone there is room again.
  attackers.pop_back();
  AwaitUsage(
      [&](const Usage&) {
        RawPeer retry = Attacker();
        return retry.Send(Request(1, kEcho) +
                          DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)) &&
               retry.AwaitStatus(1) == 0;
      },
      "no room although one has gone");
}

TEST_F(HandshakeTest, T16UidThatTakesAllConnectionsMakesRoomForAnother) {
  Serve({"--max_connections=30", "--max_connections_per_uid=30"});
  // The honest client has one that lasts; the rest is taken, and more is asked for.
  std::vector<RawPeer> attackers = Attackers(60);
  honest().AwaitAnswers(50);
  RawPeer another = Attacker(kSecondAttacker);
  ASSERT_TRUE(
      another.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(another.AwaitStatus(1), 0);
}

}  // namespace
}  // namespace udsecho::security
