// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How long a connection lasts: --max_connection_age, its grace, and --max_connection_idle.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

using std::chrono::milliseconds;

class LifetimeTest : public WireTest {
 protected:
  static std::chrono::steady_clock::time_point Now() { return std::chrono::steady_clock::now(); }

  // GOAWAY without an error.
  static void AwaitFriendlyGoAway(RawPeer* peer) {
    const std::optional<ReadFrame> away = peer->Await(kGoAway);
    ASSERT_TRUE(away.has_value());
    EXPECT_EQ(NumberOf(absl::string_view(away->payload).substr(4, 4)), kNoError);
  }

  static void ExpectClosed(RawPeer* peer) {
    while (peer->Read(/*polite=*/true).has_value()) {
    }
    EXPECT_TRUE(peer->IsClosed());
  }
};

// All bounds from below have a tenth and more to spare: engines spread these times, so that not all
// connections end at once.
TEST_F(LifetimeTest, OldConnectionIsToldToGoAwayAndItsCallIsFinished) {
  Serve({"--max_connection_age=500ms", "--max_connection_age_grace=1s"});
  const auto start = Now();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Request(1, kChat)) && IsAlive(&peer, 3));
  AwaitFriendlyGoAway(&peer);
  EXPECT_GE(Now() - start, milliseconds(400));
  ASSERT_TRUE(peer.Send(DataFrame(1, GrpcMessage(EchoRequest("late")), kEndStream)));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
  EXPECT_THAT(peer.reply(1).messages(), ::testing::ElementsAre(EchoRequest("late")));
  ExpectClosed(&peer);
}

TEST_F(LifetimeTest, OldConnectionWithoutACallEnds) {
  Serve({"--max_connection_age=300ms", "--max_connection_age_grace=1s"});
  RawPeer peer = Connect();
  ASSERT_TRUE(IsAlive(&peer, 1));
  AwaitFriendlyGoAway(&peer);
  ExpectClosed(&peer);
}

TEST_F(LifetimeTest, GraceOfAnOldOneIsWaitedForAndThenItIsOver) {
  Serve({"--max_connection_age=100ms", "--max_connection_age_grace=700ms"});
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(LongCall(1) + Request(3, kChat)));
  AwaitFriendlyGoAway(&peer);
  const auto told = Now();
  EXPECT_THAT(peer.AwaitStatus(1), ::testing::AnyOf(kUnavailableStatus, -1));
  EXPECT_THAT(peer.AwaitStatus(3), ::testing::AnyOf(kUnavailableStatus, -1));
  EXPECT_GE(Now() - told, milliseconds(400));
  ExpectClosed(&peer);
}

TEST_F(LifetimeTest, IdleConnectionIsToldToGoAway) {
  Serve({"--max_connection_idle=500ms"});
  RawPeer peer = Connect();
  ASSERT_TRUE(IsAlive(&peer, 1));
  const auto start = Now();
  ASSERT_TRUE(peer.Await(kGoAway).has_value());
  EXPECT_GE(Now() - start, milliseconds(400));
  ExpectClosed(&peer);
}

TEST_F(LifetimeTest, OneThatNeverMadeACallIsIdle) {
  Serve({"--max_connection_idle=300ms"});
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Await(kGoAway).has_value());
  ExpectClosed(&peer);
}

TEST_F(LifetimeTest, OneWithACallInFlightIsNotIdle) {
  Serve({"--max_connection_idle=200ms"});
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, kEcho, DelayedEchoRequest("busy", 2))));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
  ASSERT_TRUE(peer.Await(kGoAway).has_value());  // from now on it is
  ExpectClosed(&peer);
}

}  // namespace
}  // namespace udsecho::security
