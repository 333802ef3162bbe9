// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Header fields as gRPC's PROTOCOL-HTTP2.md has them.

#include "rpc/wire/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace rpc::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

std::string AllBytes() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

TEST(BinaryTest, WhatIsEncodedIsDecoded) {
  for (std::size_t size = 0; size <= 256; ++size) {
    const std::string bytes = AllBytes().substr(0, size);
    const std::string text = EncodeBinary(bytes);
    EXPECT_EQ(text.find('='), std::string::npos) << "unpadded, as gRPC recommends";
    EXPECT_THAT(DecodeBinary(text), Optional(ElementsAre(bytes))) << size;
  }
}

TEST(BinaryTest, PaddingIsTakenAndNotNeeded) {
  EXPECT_THAT(DecodeBinary("AA=="), Optional(ElementsAre(std::string(1, '\0'))));
  EXPECT_THAT(DecodeBinary("AA"), Optional(ElementsAre(std::string(1, '\0'))));
  EXPECT_THAT(DecodeBinary("AAE="), Optional(ElementsAre(std::string("\0\1", 2))));
  EXPECT_THAT(DecodeBinary("AAE"), Optional(ElementsAre(std::string("\0\1", 2))));
}

TEST(BinaryTest, ValuesAreJoinedByCommas) {
  EXPECT_THAT(DecodeBinary("YQ==,Yg, Yw,"), Optional(ElementsAre("a", "b", "c", "")));
  EXPECT_THAT(DecodeBinary(""), Optional(ElementsAre("")));
}

TEST(BinaryTest, WhatIsNoBase64IsRefused) {
  for (const char* text : {"a", "!!!!", "YQ=", "YQ===", "Y=Q", "YQ,!", "AAAAA", "YW_j", "\xff"}) {
    EXPECT_EQ(DecodeBinary(text), std::nullopt) << text;
  }
}

TEST(BinaryTest, KeysOfBinaryValuesEndSo) {
  EXPECT_TRUE(IsBinary("trace-bin"));
  EXPECT_FALSE(IsBinary("trace-bin2"));
  EXPECT_FALSE(IsBinary("bin"));
}

TEST(MetadataTest, WhatGrpcKeepsForItselfIsNone) {
  for (const char* name : {":path", ":method", ":authority", "te", "content-type", "content-length",
                           "host", "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"}) {
    EXPECT_FALSE(IsMetadata(name)) << name;
  }
  for (const char* name : {"user-agent", "x-request-id", "trace-bin", "authorization"}) {
    EXPECT_TRUE(IsMetadata(name)) << name;
  }
}

TEST(MetadataTest, LegalKeysAreSent) {
  for (const char* key : {"a", "x-request-id", "a_b.c-d", "0", "trace-bin"}) {
    EXPECT_TRUE(IsLegalToSend(key, "value")) << key;
  }
}

TEST(MetadataTest, IllegalKeysAreNot) {
  for (const char* key :
       {"", "Upper", "spa ce", "new\nline", "colon:", ":status", ":path", "\xc3\xa4", "semi;colon",
        "grpc-status", "grpc-message", "grpc-anything", "te", "content-type", "content-length"}) {
    EXPECT_FALSE(IsLegalToSend(key, "value")) << key;
  }
}

// Which HTTP/2 does not allow (RFC 9113, 8.2.2): a client would take the response for malformed.
TEST(MetadataTest, FieldsOfAConnectionAreNotSent) {
  for (const char* key :
       {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}) {
    EXPECT_FALSE(IsLegalToSend(key, "value")) << key;
  }
}

TEST(MetadataTest, ValuesArePrintableUnlessTheyAreBinary) {
  EXPECT_TRUE(IsLegalToSend("key", "any printable ~!"));
  EXPECT_TRUE(IsLegalToSend("key", ""));
  for (const char* value : {"new\nline", "\x7f", "\xc3\xa4", "tab\t", "\r", " before", "behind "}) {
    EXPECT_FALSE(IsLegalToSend("key", value));
    EXPECT_TRUE(IsLegalToSend("key-bin", value));
  }
  EXPECT_TRUE(IsLegalToSend("key-bin", AllBytes()));
}

TEST(TimeoutTest, HasAUnit) {
  EXPECT_THAT(ParseTimeout("1H"), Optional(absl::Hours(1)));
  EXPECT_THAT(ParseTimeout("2M"), Optional(absl::Minutes(2)));
  EXPECT_THAT(ParseTimeout("3S"), Optional(absl::Seconds(3)));
  EXPECT_THAT(ParseTimeout("4m"), Optional(absl::Milliseconds(4)));
  EXPECT_THAT(ParseTimeout("5u"), Optional(absl::Microseconds(5)));
  EXPECT_THAT(ParseTimeout("6n"), Optional(absl::Nanoseconds(6)));
  EXPECT_THAT(ParseTimeout("0S"), Optional(absl::ZeroDuration()));
  EXPECT_THAT(ParseTimeout("00000001S"), Optional(absl::Seconds(1)));
  EXPECT_THAT(ParseTimeout("99999999H"), Optional(absl::Hours(99'999'999)));
}

TEST(TimeoutTest, AnythingElseIsNone) {
  for (const char* text : {"", "S", "1", "1s", "1h", "-1S", "+1S", " 1S", "1 S", "1S ", "1.5S",
                           "0x1S", "123456789S", "1SS", "\xff", "1\xff"}) {
    EXPECT_EQ(ParseTimeout(text), std::nullopt) << text;
  }
}

TEST(ContentTypeTest, GrpcAndItsProto) {
  for (const char* type : {"application/grpc", "application/grpc+proto", "application/grpc;x=y",
                           "application/grpc+proto;charset=utf-8", "application/grpc ; x=y"}) {
    EXPECT_TRUE(IsGrpc(type)) << type;
  }
}

TEST(ContentTypeTest, AnythingElseIsNot) {
  for (const char* type :
       {"", "application/json", "application/grpc-web", "application/grpc-web+proto",
        "application/grpc+json", "application/grpcx", "text/plain", "application/grpc+protobuf"}) {
    EXPECT_FALSE(IsGrpc(type)) << type;
  }
}

}  // namespace
}  // namespace rpc::wire
