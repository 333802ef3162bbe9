// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Requests of HTTP that are none of gRPC's, and methods that are not served.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/wire_beside_test.h"
#include "tests/support/patience.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::security {
namespace {

// A request of that method; an empty content type is none.
std::string HttpRequest(std::uint32_t stream, const std::string& method,
                        const std::string& content_type) {
  Headers headers = {{":method", method},
                     {":scheme", "http"},
                     {":path", std::string(kEcho)},
                     {":authority", "localhost"},
                     {"te", "trailers"}};
  if (!content_type.empty()) headers.emplace_back("content-type", content_type);
  return FrameOf(kHeaders, kEndHeaders, stream, HeaderBlock(headers));
}

struct Type {
  std::string name;
  std::string text;
};

void PrintTo(const Type& type, std::ostream* out) { *out << type.text; }

std::string NameOf(const ::testing::TestParamInfo<Type>& info) { return info.param.name; }

class ForeignTypeTest : public BesideTest, public ::testing::WithParamInterface<Type> {};

INSTANTIATE_TEST_SUITE_P(Types, ForeignTypeTest,
                         ::testing::Values(Type{"None", ""}, Type{"Json", "application/json"},
                                           Type{"Text", "text/plain"},
                                           Type{"GrpcWeb", "application/grpc-web"},
                                           Type{"GrpcWebProto", "application/grpc-web+proto"},
                                           Type{"Foo", "application/grpc+foo"},
                                           Type{"LikeIt", "application/grpcx"}),
                         NameOf);

// PROTOCOL-HTTP2.md: HTTP status 415, as a client that is none of gRPC's reads no other.
TEST_P(ForeignTypeTest, IsUnsupported) {
  Send(HttpRequest(kStream, "POST", GetParam().text) +
       DataFrame(kStream, GrpcMessage(EchoRequest("x")), kEndStream));
  const Reply& reply = peer().AwaitEnd(kStream);
  EXPECT_EQ(reply.Value(":status"), "415");
  EXPECT_EQ(reply.Value("content-type"), "text/plain");  // a sentence, and no message
  EXPECT_TRUE(reply.ended);
  ExpectOthersUnharmed();
}

class GrpcTypeTest : public BesideTest, public ::testing::WithParamInterface<Type> {};

INSTANTIATE_TEST_SUITE_P(Types, GrpcTypeTest,
                         ::testing::Values(Type{"Plain", "application/grpc"},
                                           Type{"Proto", "application/grpc+proto"}),
                         NameOf);

TEST_P(GrpcTypeTest, IsServed) {
  Send(HttpRequest(kStream, "POST", GetParam().text) +
       DataFrame(kStream, GrpcMessage(EchoRequest("x")), kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kOk);
  EXPECT_THAT(peer().reply(kStream).messages(), ::testing::ElementsAre(EchoRequest("x")));
  ExpectOthersUnharmed();
}

using MethodTest = BesideTest;

TEST_F(MethodTest, OnlyPostIsAllowed) {
  std::uint32_t stream = kStream;
  for (const std::string method : {"GET", "PUT", "DELETE", "OPTIONS", "HEAD"}) {
    Send(HttpRequest(stream, method, "application/grpc") + DataFrame(stream, "", kEndStream));
    const Reply& reply = peer().AwaitEnd(stream);
    EXPECT_EQ(reply.Value(":status"), "405") << method;
    EXPECT_TRUE(reply.ended) << method;
    stream += 2;
  }
  ExpectOthersUnharmed();
}

class UnknownMethodTest : public BesideTest {
 protected:
  void SetUp() override {}

  std::uint64_t CallsBegun() {
    grpc::ClientContext context;
    v1::StatsResponse response;
    const auto admin = v1::Admin::NewStub(integration::Connect(server().path()));
    EXPECT_TRUE(admin->Stats(&context, {}, &response).ok());
    return response.calls_begun();
  }
};

TEST_F(UnknownMethodTest, IsUnimplementedAndCounted) {
  ServeBeside({});
  const std::uint64_t before = CallsBegun();
  std::uint32_t stream = kStream;
  for (const std::string method : {"/no.such/Method", "/udsecho.v1.Echo/None", "/udsecho.v1.Echo",
                                   "/", "/udsecho.v1.Echo/Echo/", "/udsecho.v1.Echo/echo"}) {
    Send(Call(stream, method, EchoRequest("x")));
    EXPECT_EQ(peer().AwaitStatus(stream), kUnimplementedStatus) << method;
    stream += 2;
  }
  EXPECT_EQ(CallsBegun(), before + 6 + 1);
  ExpectOthersUnharmed();
}

// Its answer leaves before its message was looked at, which has a length all the same.
TEST_F(UnknownMethodTest, TellsTheLengthOfItsMessage) {
  ServeBeside({});
  const std::string message = GrpcMessage(EchoRequest("x"));
  Send(Request(kStream, "/no.such/Method", {{"content-length", absl::StrCat(message.size())}}) +
       DataFrame(kStream, message.substr(0, 3)) +
       DataFrame(kStream, message.substr(3), kEndStream));
  EXPECT_EQ(peer().AwaitStatus(kStream), kUnimplementedStatus);
  ExpectOthersUnharmed();
}

// They cost what other calls do, and so are bounded with them.
TEST_F(UnknownMethodTest, CountsInTheLimits) {
  Serve({"--max_calls_per_uid=2"});
  RawPeer busy = Connect();
  ASSERT_TRUE(busy.Send(LongCall(1) + LongCall(3)));
  ASSERT_TRUE(busy.Send(PingFrame(1)) && busy.Await(kPing, /*ack=*/true).has_value());
  RawPeer peer = Connect();
  ASSERT_TRUE(peer.Send(Call(1, "/no.such/Method", "")));
  EXPECT_EQ(peer.AwaitStatus(1), kResourceExhaustedStatus);
  EXPECT_FALSE(busy.reply(1).ended || busy.reply(3).ended);
  busy.Close();
  const support::Deadline deadline;
  int status = kResourceExhaustedStatus;
  for (std::uint32_t stream = 3; status == kResourceExhaustedStatus && !deadline.IsOver();
       stream += 2) {
    ASSERT_TRUE(peer.Send(Call(stream, "/no.such/Method", "")));
    status = peer.AwaitStatus(stream);
  }
  EXPECT_EQ(status, kUnimplementedStatus);
}

}  // namespace
}  // namespace udsecho::security
