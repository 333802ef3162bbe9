// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Nothing follows the end of a stream, and what is not served has an end too.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_beside_test.h"

namespace udsecho::security {
namespace {

using StreamEndTest = BesideTest;

// Trailers alone, once: of a call with an expired deadline nothing else is said.
TEST_F(StreamEndTest, ExpiredDeadlineIsOneFrame) {
  std::uint32_t stream = kStream;
  for (const std::string timeout : {"1n", "1m", "100m"}) {
    Send(Call(stream, kEcho, DelayedEchoRequest("x", 600), {{"grpc-timeout", timeout}}));
    EXPECT_EQ(peer().AwaitStatus(stream), kDeadlineExceededStatus);
    EXPECT_EQ(peer().reply(stream).Value(":status"), "200");
    stream += 2;
  }
  ExpectOthersUnharmed();  // by now all that could follow has come
  while (stream > kStream) {
    stream -= 2;
    const Reply& reply = peer().reply(stream);
    EXPECT_EQ(reply.blocks.size(), 1U);
    EXPECT_EQ(reply.data, "");
    EXPECT_EQ(reply.frames_after_the_end, 0);
    EXPECT_EQ(reply.reset, std::nullopt);
  }
}

// One that expires while the answers of a stream are on their way ends it once, too.
TEST_F(StreamEndTest, DeadlineAmidAnswers) {
  // ExpandRequest: count 1,000,000 (field 5).
  Send(Call(kStream, kExpand, EchoRequest(std::string(1000, 'x')) + "\x28\xc0\x84\x3d",
            {{"grpc-timeout", "100m"}}) +
       WindowUpdateFrame(0, 1 << 30) + WindowUpdateFrame(kStream, 1 << 30));
  EXPECT_EQ(peer().AwaitStatus(kStream), kDeadlineExceededStatus);
  ExpectOthersUnharmed();
  EXPECT_EQ(peer().reply(kStream).frames_after_the_end, 0);
  EXPECT_EQ(peer().reply(kStream).blocks.size(), 2U);
}

class ExitTest : public WireTest {};

// A call whose answer has come was answered, however soon the end follows: nothing was cut off.
TEST_F(ExitTest, RightAfterAnAnswerIsClean) {
  for (int i = 0; i < 20; ++i) {
    Serve({"--grace=0"});
    RawPeer peer = Connect();
    ASSERT_TRUE(IsAlive(&peer, 1));
    EXPECT_EQ(Stop(), integration::kClean) << "time " << i;
  }
}

TEST_F(ExitTest, WhatWasAnsweredIsNotCountedAsCut) {
  for (int i = 0; i < 20; ++i) {
    Serve({"--grace=0"});
    RawPeer peer = Connect();
    ASSERT_TRUE(peer.Send(LongCall(1)) && IsAlive(&peer, 3));
    EXPECT_EQ(Stop(), integration::kCallsCutOff);
    EXPECT_EQ(server().Event("calls_cut_off")["fields"]["count"], 1) << "time " << i;
  }
}

class LeavingTest : public WireTest {
 protected:
  static void ExpectFriendlyGoAway(RawPeer* peer) {
    const std::optional<ReadFrame> away = peer->Await(kGoAway);
    ASSERT_TRUE(away.has_value());
    EXPECT_EQ(NumberOf(absl::string_view(away->payload).substr(4, 4)), kNoError);
  }
};

TEST_F(LeavingTest, IdleConnectionIsToldToGoAwayWithoutAnError) {
  Serve({"--max_connection_idle=200ms"});
  RawPeer peer = Connect();
  ASSERT_TRUE(IsAlive(&peer, 1));
  ExpectFriendlyGoAway(&peer);
  EXPECT_TRUE(peer.AwaitCleanEnd());
}

// The grace of ten minutes is for calls, and none is left.
TEST_F(LeavingTest, OldConnectionEndsWithItsLastCall) {
  Serve({"--max_connection_age=200ms", "--max_connection_age_grace=10m"});
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Request(1, kChat)));
  ExpectFriendlyGoAway(&peer);
  ASSERT_TRUE(peer.Send(DataFrame(1, GrpcMessage(EchoRequest("last")), kEndStream)));
  EXPECT_EQ(peer.AwaitStatus(1, /*polite=*/true), kOk);
  EXPECT_TRUE(peer.AwaitCleanEnd());
}

}  // namespace
}  // namespace udsecho::security
