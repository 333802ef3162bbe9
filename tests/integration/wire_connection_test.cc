// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a connection begins with, and PING.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

using ConnectionTest = WireTest;

// Of the server's first SETTINGS.
std::map<std::uint32_t, std::uint32_t> ReadSettings(RawPeer* peer) {
  const std::optional<ReadFrame> frame = peer->Await(kSettings);
  std::map<std::uint32_t, std::uint32_t> values;
  if (!frame.has_value()) return values;
  constexpr std::size_t kEntry = 6;
  for (std::size_t at = 0; at + kEntry <= frame->payload.size(); at += kEntry) {
    const absl::string_view entry = absl::string_view(frame->payload).substr(at, kEntry);
    values[NumberOf(entry.substr(0, 2))] = NumberOf(entry.substr(2));
  }
  return values;
}

TEST_F(ConnectionTest, AnnouncesHowManyStreamsThereMayBe) {
  Serve({"--max_calls_per_uid=7"});
  RawPeer peer = Connect();
  EXPECT_EQ(ReadSettings(&peer)[kMaxConcurrentStreams], 7U);
}

TEST_F(ConnectionTest, AnnouncesHowLongHeadersMayBe) {
  Serve();
  RawPeer peer = Connect();
  EXPECT_EQ(ReadSettings(&peer)[kMaxHeaderListSize], 8192U);
}

TEST_F(ConnectionTest, SettingsAreAcknowledged) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Await(kSettings, /*ack=*/true).has_value());
  ASSERT_TRUE(peer.Send(SettingsFrame({{kInitialWindowSize, 1000}})));
  EXPECT_TRUE(peer.Await(kSettings, /*ack=*/true).has_value());
}

// Each by its own eight bytes, in order.
TEST_F(ConnectionTest, PingsAreAcknowledged) {
  Serve();
  RawPeer peer = Connect();
  for (const std::uint64_t opaque : {0x0102030405060708U, 0xfffefdfcfbfaf9f8U}) {
    ASSERT_TRUE(peer.Send(PingFrame(opaque)));
  }
  for (const std::uint64_t opaque : {0x0102030405060708U, 0xfffefdfcfbfaf9f8U}) {
    const std::optional<ReadFrame> answer = peer.Await(kPing, /*ack=*/true);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(FrameOf(answer->type, answer->flags, answer->stream, answer->payload),
              PingFrame(opaque, kAck));
  }
  EXPECT_TRUE(IsAlive(&peer, 1));
}

TEST_F(ConnectionTest, PingIsAcknowledgedWhileACallIsInFlight) {
  Serve();
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(LongCall(1)));
  ASSERT_TRUE(IsAlive(&peer, 3));
  ASSERT_TRUE(peer.Send(PingFrame(42)));
  EXPECT_TRUE(peer.Await(kPing, /*ack=*/true).has_value());
}

// What is within the limit is taken.
TEST_F(ConnectionTest, SevenKiBOfHeadersAreTaken) {
  Serve();
  RawPeer peer = Connect();
  const Headers many(7, {"x-metadata", std::string(1000, 'x')});
  ASSERT_TRUE(peer.Send(Call(1, kEcho, EchoRequest("x"), many)));
  EXPECT_EQ(peer.AwaitStatus(1), kOk);
}

}  // namespace
}  // namespace udsecho::security
