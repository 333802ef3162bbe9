// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Clients that speak another protocol are told so in it, where that can be, and errors of HTTP/2
// end their own connection alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tests/integration/wire_test.h"

namespace udsecho::security {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ForeignTest : public WireTest {
 protected:
  // All that the server has to say to these bytes, until it closes.
  std::string AnswerTo(const std::string& bytes) {
    RawPeer peer = ConnectSilent();
    EXPECT_TRUE(peer.Send(bytes));
    EXPECT_TRUE(peer.AwaitCleanEnd()) << "reset";
    return peer.unread();
  }
};

TEST_F(ForeignTest, Http1IsToldWhatThisIs) {
  Serve();
  for (const std::string request :
       {"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /udsecho.v1.Echo/Echo HTTP/1.1\r\nHost: x\r\n"
        "Content-Length: 2\r\n\r\n{}",
        "HEAD / HTTP/1.0\r\n\r\n", "PUT / HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    const std::string answer = AnswerTo(request);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 ")) << request;
    EXPECT_THAT(answer, AnyOf(HasSubstr("gRPC"), HasSubstr("HTTP/2"))) << request;
  }
}

// A ClientHello, and no more of one than its beginning.
TEST_F(ForeignTest, TlsIsClosedAndNotReset) {
  Serve();
  const std::string begin("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  AnswerTo(begin + std::string(506, '\x5a'));
  AnswerTo(begin);
}

struct Junk {
  std::string name;
  std::string bytes;
};

void PrintTo(const Junk& junk, std::ostream* out) { *out << junk.name; }

class JunkTest : public WireTest, public ::testing::WithParamInterface<Junk> {};

INSTANTIATE_TEST_SUITE_P(
    AfterThePreface, JunkTest,
    ::testing::Values(Junk{"DataOfStreamZero", DataFrame(0, "x")},
                      Junk{"HeadersOfStreamZero", Request(0, kEcho)},
                      Junk{"HeadersOfAnEvenStream", Request(2, kEcho)},
                      Junk{"DataOfAnIdleStream", DataFrame(1, "x")},
                      Junk{"ContinuationOfNothing", FrameOf(kContinuation, kNone, 1, "x")},
                      Junk{"PushPromise", FrameOf(kPushPromise, kEndHeaders, 1,
                                                  std::string("\0\0\0\2", 4) + CallBlock(kEcho))},
                      Junk{"SettingsOutOfRange", SettingsFrame({{kMaxFrameSize, 1}})},
                      Junk{"PaddingLongerThanItsFrame",
                           Request(1, kChat) + FrameOf(kData, kPadded, 1, "\xffxx")}),
    [](const auto& info) { return info.param.name; });

TEST_P(JunkTest, EndsItsOwnConnectionWithAProtocolError) {
  Serve();
  RawPeer other = Connect();
  ASSERT_TRUE(other.Send(LongCall(1)) && IsAlive(&other, 3));
  RawPeer peer = Connect();
  ASSERT_TRUE(IsAlive(&peer, 9));
  peer = Connect();
  ASSERT_TRUE(peer.Await(kSettings, /*ack=*/true).has_value());
  ASSERT_TRUE(peer.Send(GetParam().bytes));
  const std::optional<ReadFrame> away = peer.Await(kGoAway);
  ASSERT_TRUE(away.has_value());
  EXPECT_EQ(NumberOf(absl::string_view(away->payload).substr(4, 4)), kProtocolError);
  while (peer.Read().has_value()) {
  }
  EXPECT_TRUE(peer.IsClosed());
  EXPECT_TRUE(IsAlive(&other, 5));
  EXPECT_FALSE(other.reply(1).ended);
}

// Bytes that are no frame: the first of them say a length that none may have.
TEST_F(ForeignTest, BytesThatAreNoFrames) {
  Serve();
  RawPeer other = Connect();
  ASSERT_TRUE(other.Send(LongCall(1)) && IsAlive(&other, 3));
  for (const std::string& junk :
       {std::string(1000, '\xff'), std::string("GET / HTTP/1.1\r\n\r\n")}) {
    RawPeer peer = Connect();
    ASSERT_TRUE(peer.Send(junk));
    const std::optional<ReadFrame> away = peer.Await(kGoAway);
    ASSERT_TRUE(away.has_value());
    constexpr std::uint32_t kFrameSizeError = 6;
    EXPECT_THAT(NumberOf(absl::string_view(away->payload).substr(4, 4)),
                AnyOf(kProtocolError, kFrameSizeError));
    while (peer.Read().has_value()) {
    }
    EXPECT_TRUE(peer.IsClosed());
  }
  EXPECT_TRUE(IsAlive(&other, 5));
}

}  // namespace
}  // namespace udsecho::security
