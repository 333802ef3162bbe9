// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Headers that are wrong end their own stream, and no other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/integration/wire_beside_test.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::security {
namespace {

using ::testing::ElementsAre;

using HeadersTest = BesideTest;

TEST_F(HeadersTest, NineKilobytesAreOverTheLimit) {
  Send(Call(kStream, kEcho, EchoRequest("x"), {{"x-long", std::string(9 * 1024, 'x')}}));
  EXPECT_EQ(peer().AwaitStatus(kStream), kResourceExhaustedStatus);
  EXPECT_EQ(peer().reply(kStream).data, "");
  ExpectOthersUnharmed();
}

TEST_F(HeadersTest, TwentyKilobytesOfManyAreToo) {
  constexpr std::size_t kFirst = 16'000;
  const std::string block = CallBlock(kEcho, Headers(20, {"x-many", std::string(1000, 'x')}));
  Send(FrameOf(kHeaders, kNone, kStream, block.substr(0, kFirst)) +
       FrameOf(kContinuation, kEndHeaders, kStream, block.substr(kFirst)) +
       DataFrame(kStream, GrpcMessage(EchoRequest("x")), kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kResourceExhaustedStatus);
  EXPECT_EQ(peer().reply(kStream).data, "");
  ExpectOthersUnharmed();
}

// Of base64 there is no string of one character.
TEST_F(HeadersTest, BinaryValueThatIsNotBase64) {
  Send(Call(kStream, kEcho, EchoRequest("x"), {{"x-bad-bin", "A"}}));
  EXPECT_EQ(peer().AwaitStatus(kStream), kInternalStatus);
  EXPECT_EQ(peer().reply(kStream).data, "");
  ExpectOthersUnharmed();
}

// PROTOCOL-HTTP2.md: the same as two headers of that name.
TEST_F(HeadersTest, CommaPartsBinaryValues) {
  Send(Call(kStream, kWhoAmI, "", {{"x-two-bin", "YQ==,Yg=="}, {"x-two-bin", "Yw"}}));
  ASSERT_EQ(peer().AwaitStatus(kStream), kOk);
  v1::WhoAmIResponse response;
  ASSERT_TRUE(response.ParseFromString(peer().reply(kStream).messages().at(0)));
  std::vector<std::string> values;
  for (const v1::Metadata& entry : response.metadata()) {
    if (entry.key() == "x-two-bin") values.push_back(entry.value());
  }
  EXPECT_THAT(values, ElementsAre("a", "b", "c"));
  ExpectOthersUnharmed();
}

TEST_F(HeadersTest, CommaPartsThoseThatComeBack) {
  Send(Call(kStream, kEcho, EchoRequest("x"), {{"x-grpc-test-echo-trailing-bin", "YQ==,Yg=="}}));
  ASSERT_EQ(peer().AwaitStatus(kStream), kOk);
  std::vector<std::string> values;
  for (const std::string& line : peer().reply(kStream).Values("x-grpc-test-echo-trailing-bin")) {
    for (absl::string_view value : absl::StrSplit(line, ',')) {
      while (absl::ConsumeSuffix(&value, "=")) {
      }
      values.emplace_back(value);
    }
  }
  EXPECT_THAT(values, ElementsAre("YQ", "Yg"));
  ExpectOthersUnharmed();
}

// As nginx sends it (RFC 9113, 8.3.1).
TEST_F(HeadersTest, HostIsTheAuthorityWhereThereIsNone) {
  Headers headers = {
      {":method", "POST"},     {":scheme", "http"}, {":path", std::string(kWhoAmI)},
      {"host", "some.host:1"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
  Send(FrameOf(kHeaders, kEndHeaders, kStream, HeaderBlock(headers)) +
       DataFrame(kStream, GrpcMessage(""), kEndStream));
  ASSERT_EQ(peer().AwaitStatus(kStream), kOk);
  v1::WhoAmIResponse response;
  ASSERT_TRUE(response.ParseFromString(peer().reply(kStream).messages().at(0)));
  EXPECT_EQ(response.authority(), "some.host:1");
  for (const v1::Metadata& entry : response.metadata()) EXPECT_NE(entry.key(), "host");
  ExpectOthersUnharmed();
}

struct Malformed {
  std::string name;
  Headers headers;
};

void PrintTo(const Malformed& malformed, std::ostream* out) { *out << malformed.name; }

// A request of these, with those of `without` left out and `more` behind.
Headers Without(const std::string& without, const Headers& more) {
  Headers headers;
  for (const auto& [name, value] : Headers{{":method", "POST"},
                                           {":scheme", "http"},
                                           {":path", std::string(kEcho)},
                                           {":authority", "localhost"},
                                           {"content-type", "application/grpc"},
                                           {"te", "trailers"}}) {
    if (name != without) headers.emplace_back(name, value);
  }
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

Headers In(Headers first, const Headers& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

class MalformedTest : public BesideTest, public ::testing::WithParamInterface<Malformed> {};

// RFC 9113, 8.1.1: a stream error of type PROTOCOL_ERROR.
INSTANTIATE_TEST_SUITE_P(
    Requests, MalformedTest,
    ::testing::Values(
        Malformed{"UpperCaseName", Without("", {{"X-Upper", "x"}})},
        Malformed{"Connection", Without("", {{"connection", "close"}})},
        Malformed{"TransferEncoding", Without("", {{"transfer-encoding", "chunked"}})},
        Malformed{"TeOfAnotherKind", Without("te", {{"te", "gzip"}})},
        Malformed{"PathTwice", In({{":path", std::string(kEcho)}}, Without("", {}))},
        Malformed{"NoMethod", Without(":method", {})}, Malformed{"NoPath", Without(":path", {})},
        Malformed{"NoScheme", Without(":scheme", {})},
        Malformed{"EmptyPath", In({{":path", ""}}, Without(":path", {}))},
        Malformed{"PseudoHeaderBehindOthers", Without(":path", {{":path", std::string(kEcho)}})},
        Malformed{"UnknownPseudoHeader", In({{":foo", "bar"}}, Without("", {}))},
        Malformed{"PseudoHeaderOfAnAnswer", In({{":status", "200"}}, Without("", {}))}),
    [](const auto& info) { return info.param.name; });

TEST_P(MalformedTest, ResetsItsOwnStreamAlone) {
  Send(FrameOf(kHeaders, kEndHeaders, kStream, HeaderBlock(GetParam().headers)));
  const Reply& reply = peer().AwaitEnd(kStream);
  EXPECT_EQ(reply.reset, kProtocolError);
  EXPECT_TRUE(reply.blocks.empty());
  ExpectOthersUnharmed();
}

}  // namespace
}  // namespace udsecho::security
