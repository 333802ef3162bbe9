// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/handshake.h"

#include <gtest/gtest.h>

#include <string>

namespace rpc {
namespace {

const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

std::string FrameHead(unsigned length, char type, char flags = 0, char stream = 0) {
  return {static_cast<char>(length >> 16),
          static_cast<char>(length >> 8),
          static_cast<char>(length),
          type,
          flags,
          0,
          0,
          0,
          stream};
}

// Of a client that has sent all of `bytes`.
Handshake Look(const std::string& bytes) {
  return LookAtHandshake(bytes.substr(0, kHandshakeHead), bytes.size());
}

TEST(HandshakeTest, ThePrefaceAndSettingsAreComplete) {
  EXPECT_EQ(Look(kPreface + FrameHead(0, 4)), Handshake::kComplete);
  EXPECT_EQ(Look(kPreface + FrameHead(12, 4) + std::string(12, 'x')), Handshake::kComplete);
  EXPECT_EQ(Look(kPreface + FrameHead(0, 4) + "whatever follows"), Handshake::kComplete);
}

TEST(HandshakeTest, EachBeginningIsIncomplete) {
  const std::string whole = kPreface + FrameHead(6, 4) + std::string(6, 'x');
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(Look(whole.substr(0, size)), Handshake::kIncomplete) << size;
  }
}

TEST(HandshakeTest, AnotherProtocolIsForeignFromItsFirstOtherByte) {
  EXPECT_EQ(Look("GET / HTTP/1.1\r\n"), Handshake::kForeign);
  EXPECT_EQ(Look("\x16\x03\x01"), Handshake::kForeign);
  EXPECT_EQ(Look("PRI * HTTP/2.1"), Handshake::kForeign);
  EXPECT_EQ(Look(std::string(1, '\0')), Handshake::kForeign);
}

TEST(HandshakeTest, AnythingButSettingsAfterThePrefaceIsForeign) {
  EXPECT_EQ(Look(kPreface + FrameHead(8, 6)), Handshake::kForeign) << "PING";
  EXPECT_EQ(Look(kPreface + FrameHead(0, 4, 1)), Handshake::kForeign) << "an acknowledgement";
  EXPECT_EQ(Look(kPreface + FrameHead(0, 4, 0, 1)), Handshake::kForeign) << "of a stream";
  EXPECT_EQ(Look(kPreface + FrameHead(5, 4)), Handshake::kForeign) << "no whole setting";
  EXPECT_EQ(Look(kPreface + FrameHead(16'386, 4)), Handshake::kForeign) << "longer than a frame";
}

}  // namespace
}  // namespace rpc
