// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// More calls than anybody may have: tests 16, 18 and 19 of docs/security.md, and their like.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/security/attack_test.h"

namespace udsecho::security {
namespace {

using ::testing::HasSubstr;

constexpr int kInvalidArgument = 3;
constexpr int kResourceExhausted = 8;

std::string DelayedEcho(std::uint32_t stream) {
  return Request(stream, kEcho) +
         DataFrame(stream, GrpcMessage(DelayedEchoRequest("x", 600)), kEndStream);
}

class CallsTest : public AttackTest {
 protected:
  // Calls of `one` on streams of their own, on `connections` at once, without an end.
  void FloodOfCalls(int connections, const std::function<std::string(std::uint32_t stream)>& one) {
    std::string calls;
    for (std::uint32_t stream = 1; stream < 100'000; stream += 2) calls += one(stream);
    Flood(connections, calls);
  }
};

TEST_F(CallsTest, T16UidAtItsCapOfCallsCostsAnotherNothing) {
  Serve({"--max_calls_per_uid=10"});
  RawPeer attacker = Attacker();
  for (std::uint32_t stream = 1; stream < 2 * 10; stream += 2) {
    ASSERT_TRUE(attacker.Send(DelayedEcho(stream)));
  }
  RawPeer again = Attacker();
  ASSERT_TRUE(again.Send(DelayedEcho(1)));
  EXPECT_EQ(again.AwaitStatus(1), kResourceExhausted);
  EXPECT_THAT(again.MessageOf(1), HasSubstr("20002"));
  RawPeer another = Attacker(kSecondAttacker);
  ASSERT_TRUE(
      another.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("x")), kEndStream)));
  EXPECT_EQ(another.AwaitStatus(1), 0);
}

TEST_F(CallsTest, T16UidsThatTakeAllCallsCostAnotherNothing) {
  Serve({"--max_calls=40", "--max_calls_per_uid=20"});
  std::vector<RawPeer> attackers;
  for (const uid_t uid : {kAttacker, kSecondAttacker}) {
    attackers.push_back(Attacker(uid));
    for (std::uint32_t stream = 1; stream < 2 * 25; stream += 2) {
      attackers.back().Send(DelayedEcho(stream));
    }
    EXPECT_EQ(attackers.back().AwaitStatus(49), kResourceExhausted);
  }
  honest().AwaitAnswers(20);
}

TEST_F(CallsTest, T18NoSettingsAckAndTwoHundredStreams) {
  Serve({"--max_calls_per_uid=10"});
  {
    RawPeer attacker = Attacker();
    for (std::uint32_t stream = 1; stream < 2 * 200; stream += 2) {
      if (!attacker.Send(DelayedEcho(stream))) break;
    }
    // It is told, or its connection is ended; both do.
    EXPECT_THAT(attacker.AwaitStatus(399), ::testing::AnyOf(kResourceExhausted, -1));
  }
  Settle();
  int handled = 0;
  for (const nlohmann::json& event : server().AllEvents()) {
    if (event["event"] == "message_received" && event["fields"]["uid"] == kAttacker) ++handled;
  }
  EXPECT_LE(handled, 10);
}

// What the server would have to send back, and HTTP/2 does not allow.
TEST_F(CallsTest, MetadataThatCannotComeBack) {
  Serve();
  RawPeer attacker = Attacker();
  std::uint32_t stream = 1;
  for (const std::string value : {"\xff\xfe", "a\x01z", "a\x7f", "\n", "\r\n: x"}) {
    ASSERT_TRUE(attacker.Send(Request(stream, kEcho, {{"x-grpc-test-echo-initial", value}}) +
                              DataFrame(stream, GrpcMessage(EchoRequest("x")), kEndStream)));
    // gRPC refuses some by itself.
    EXPECT_THAT(attacker.AwaitStatus(stream), ::testing::AnyOf(kInvalidArgument, -1));
    if (attacker.IsClosed()) attacker = Attacker();
    stream += 2;
  }
  honest().AwaitAnswers(20);
}

// Nothing here ever acknowledges SETTINGS.
TEST_F(CallsTest, T18CallsWithoutEndAndWithoutSettingsAck) {
  Serve();
  FloodOfCalls(1, DelayedEcho);
}

TEST_F(CallsTest, StreamsWithoutEndOnManyConnections) {
  Serve();
  FloodOfCalls(20, [](std::uint32_t stream) { return Request(stream, kChat); });
}

TEST_F(CallsTest, CallsWithoutEndThatAreAnsweredAtOnce) {
  Serve();
  FloodOfCalls(20, [](std::uint32_t stream) {
    return Request(stream, kEcho) + DataFrame(stream, GrpcMessage(EchoRequest("x")), kEndStream);
  });
}

TEST_F(CallsTest, CallsOfNoMethodWithoutEnd) {
  Serve();
  FloodOfCalls(20, [](std::uint32_t stream) { return Request(stream, "/no.such/Method"); });
}

TEST_F(CallsTest, T19RapidReset) {
  Serve();
  FloodOfCalls(1, [](std::uint32_t stream) { return DelayedEcho(stream) + ResetFrame(stream); });
}

TEST_F(CallsTest, T19RapidResetOnManyConnections) {
  Serve();
  FloodOfCalls(50,
               [](std::uint32_t stream) { return Request(stream, kChat) + ResetFrame(stream); });
}

// One that does all that a good client does, but resets.
TEST_F(CallsTest, T19RapidResetByOneThatAcknowledgesAndReads) {
  Serve();
  RawPeer attacker = Attacker();
  std::uint32_t stream = 1;
  While([&] {
    std::string frames;
    for (int i = 0; i < 100; ++i, stream += 2) frames += DelayedEcho(stream) + ResetFrame(stream);
    // The answer to a ping comes after all that was sent before it.
    bool answered = attacker.Send(frames + PingFrame(stream));
    while (answered) {
      const std::optional<ReadFrame> frame = attacker.Read(/*polite=*/true);
      answered = frame.has_value();
      if (answered && frame->type == kPing && (frame->flags & kAck) != 0) break;
    }
    if (answered) return;
    attacker = Attacker();
    stream = 1;
  });
}

// Half of a stream's messages, then a reset: the same, with handlers that have begun.
TEST_F(CallsTest, ResetsInTheMiddleOfAMessage) {
  Serve();
  FloodOfCalls(20, [](std::uint32_t stream) {
    return Request(stream, kChat) + DataFrame(stream, GrpcMessage(EchoRequest("x"))) +
           DataFrame(stream, GrpcPrefix(1000) + "half") + ResetFrame(stream);
  });
}

}  // namespace
}  // namespace udsecho::security
