// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What comes after the headers and is no message, or one too many; and timeouts that are none. The
// codes are those of gRPC's PROTOCOL-HTTP2.md, compression.md and statuscodes.md.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "absl/strings/str_split.h"
#include "tests/integration/wire_beside_test.h"

namespace udsecho::security {
namespace {

constexpr std::uint32_t kOn = 3;  // BesideTest::kStream

std::string One() { return GrpcMessage(EchoRequest("x")); }

// The same with another first byte, which says how it is compressed.
std::string OneFlagged(char flag) {
  std::string message = One();
  message[0] = flag;
  return message;
}

std::string Half() { return One().substr(0, One().size() / 2); }

std::string CallOf(absl::string_view method, const std::string& data, const Headers& more = {}) {
  return Request(kOn, method, more) + DataFrame(kOn, data, kEndStream);
}

std::string Ended(absl::string_view method) {
  return FrameOf(kHeaders, kEndHeaders | kEndStream, kOn, CallBlock(method));
}

struct Wrong {
  std::string name;
  std::string frames;
  int status;
  std::size_t messages = 0;  // that are answered all the same
};

void PrintTo(const Wrong& wrong, std::ostream* out) { *out << wrong.name; }

class WrongMessagesTest : public BesideTest, public ::testing::WithParamInterface<Wrong> {};

std::string NameOf(const ::testing::TestParamInfo<Wrong>& info) { return info.param.name; }

TEST_P(WrongMessagesTest, EndTheirCallWithAStatus) {
  Send(GetParam().frames);
  EXPECT_EQ(peer().AwaitStatus(kOn), GetParam().status);
  EXPECT_EQ(peer().reply(kOn).messages().size(), GetParam().messages);
  EXPECT_EQ(peer().reply(kOn).frames_after_the_end, 0);
  ExpectOthersUnharmed();
}

INSTANTIATE_TEST_SUITE_P(
    Count, WrongMessagesTest,
    ::testing::Values(Wrong{"NoneAtOnce", Ended(kEcho), kUnimplementedStatus},
                      Wrong{"None", CallOf(kEcho, ""), kUnimplementedStatus},
                      Wrong{"NoneForExpand", Ended(kExpand), kUnimplementedStatus},
                      Wrong{"NoneForAWatch", Ended(kWatch), kUnimplementedStatus},
                      Wrong{"Two", CallOf(kEcho, One() + One()), kUnimplementedStatus},
                      Wrong{"TwoInTwoFrames",
                            Request(kOn, kEcho) + DataFrame(kOn, One()) +
                                DataFrame(kOn, One(), kEndStream),
                            kUnimplementedStatus},
                      Wrong{"TwoForExpand", CallOf(kExpand, One() + One()), kUnimplementedStatus}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Cut, WrongMessagesTest,
    ::testing::Values(
        Wrong{"Unary", CallOf(kEcho, Half()), kInternalStatus},
        Wrong{"UnaryInItsPrefix", CallOf(kEcho, One().substr(0, 3)), kInternalStatus},
        Wrong{"StrayByte", CallOf(kEcho, One() + "x"), kInternalStatus},
        Wrong{"Expand", CallOf(kExpand, Half()), kInternalStatus},
        Wrong{"Collect", CallOf(kCollect, Half()), kInternalStatus},
        Wrong{"CollectAfterOthers", CallOf(kCollect, One() + One() + Half()), kInternalStatus},
        Wrong{"CollectInItsPrefix", CallOf(kCollect, One() + One().substr(0, 4)), kInternalStatus},
        Wrong{"ChatAfterOthers", CallOf(kChat, One() + One() + Half()), kInternalStatus, 2}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Flags, WrongMessagesTest,
    ::testing::Values(
        Wrong{"CompressedWithoutEncoding", CallOf(kEcho, OneFlagged(1)), kInternalStatus},
        Wrong{"CompressedAsIdentity", CallOf(kEcho, OneFlagged(1), {{"grpc-encoding", "identity"}}),
              kInternalStatus},
        Wrong{"CompressedButIsNot", CallOf(kEcho, OneFlagged(1), {{"grpc-encoding", "gzip"}}),
              kInternalStatus},
        Wrong{"Two", CallOf(kEcho, OneFlagged(2)), kInternalStatus},
        Wrong{"All", CallOf(kEcho, OneFlagged('\xff')), kInternalStatus},
        Wrong{"TwoOnAChat", CallOf(kChat, One() + OneFlagged(2)), kInternalStatus, 1}),
    NameOf);

// Refused before any of it has come: the prefix says enough.
INSTANTIATE_TEST_SUITE_P(
    Length, WrongMessagesTest,
    ::testing::Values(Wrong{"OneByteOver",
                            Request(kOn, kEcho) + DataFrame(kOn, GrpcPrefix(4'194'305)),
                            kResourceExhaustedStatus},
                      Wrong{"FourGiB", Request(kOn, kEcho) + DataFrame(kOn, GrpcPrefix(0xffffffff)),
                            kResourceExhaustedStatus},
                      Wrong{"OnAChat",
                            Request(kOn, kChat) + DataFrame(kOn, One() + GrpcPrefix(5'000'000)),
                            kResourceExhaustedStatus, 1}),
    NameOf);

std::string TimedOut(const std::string& timeout) {
  return CallOf(kEcho, One(), {{"grpc-timeout", timeout}});
}

INSTANTIATE_TEST_SUITE_P(Timeouts, WrongMessagesTest,
                         ::testing::Values(Wrong{"Word", TimedOut("abc"), kInternalStatus},
                                           Wrong{"Negative", TimedOut("-1S"), kInternalStatus},
                                           Wrong{"NineDigits", TimedOut("123456789S"),
                                                 kInternalStatus},
                                           Wrong{"UnknownUnit", TimedOut("1X"), kInternalStatus},
                                           Wrong{"NoUnit", TimedOut("1"), kInternalStatus},
                                           Wrong{"NoNumber", TimedOut("S"), kInternalStatus},
                                           Wrong{"Fraction", TimedOut("1.5S"), kInternalStatus},
                                           Wrong{"Empty", TimedOut(""), kInternalStatus}),
                         NameOf);

using EncodingTest = BesideTest;

// The answer says what would be taken.
TEST_F(EncodingTest, UnknownOneIsUnimplemented) {
  std::uint32_t stream = kStream;
  for (const std::string& message : {OneFlagged(1), One()}) {
    Send(Request(stream, kEcho, {{"grpc-encoding", "br"}}) +
         DataFrame(stream, message, kEndStream));
    EXPECT_EQ(peer().AwaitStatus(stream), kUnimplementedStatus);
    const std::vector<std::string> accepted =
        absl::StrSplit(peer().reply(stream).Value("grpc-accept-encoding"), ',');
    EXPECT_THAT(accepted, ::testing::IsSupersetOf({"gzip", "deflate"}));
    stream += 2;
  }
  ExpectOthersUnharmed();
}

}  // namespace
}  // namespace udsecho::security
