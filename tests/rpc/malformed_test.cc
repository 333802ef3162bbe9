// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Bytes that are no message, and messages over the limit: the caller is told what to mend, and what
// it sent before was answered.

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kLimit = 1000;
constexpr char kNotUtf8[] = "\x0a\x01\xff";  // field 1, one byte, which is not UTF-8
constexpr char kTruncated[] =
    "\x0a\x05"
    "ab";  // field 1, five bytes, two there

grpc::ByteBuffer Bytes(const std::string& bytes) {
  const grpc::Slice slice(bytes);
  return {&slice, 1};
}

class MalformedTest : public ::testing::TestWithParam<const char*> {
 protected:
  MalformedTest() : server_({.limits = {.max_message_bytes = kLimit}}) { server_.Start(); }

  // Sends `messages` over `method` and reads replies until there is none. The status at the end.
  grpc::Status Send(const std::string& method, const std::vector<std::string>& messages) {
    grpc::GenericStub stub(server_.Connect());
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    void* tag = nullptr;
    bool ok = false;
    const auto done = [&] { return queue.Next(&tag, &ok) && ok; };
    auto stream = stub.PrepareCall(&context, "/udsecho.testing.v1.Probe/" + method, &queue);
    stream->StartCall(nullptr);
    done();
    for (const std::string& message : messages) {
      stream->Write(Bytes(message), nullptr);
      done();
    }
    stream->WritesDone(nullptr);
    done();
    grpc::ByteBuffer reply;
    for (stream->Read(&reply, nullptr); done(); stream->Read(&reply, nullptr)) ++replies_;
    grpc::Status status;
    stream->Finish(&status, nullptr);
    done();
    return status;
  }

  HostedServer server_;
  int replies_ = 0;
};

std::string Text(size_t encoded_bytes) {
  v1::ProbeRequest request;
  request.set_text(std::string(encoded_bytes - 3, 'x'));  // a tag, and a length of two bytes
  EXPECT_EQ(request.ByteSizeLong(), encoded_bytes);
  return request.SerializeAsString();
}

INSTANTIATE_TEST_SUITE_P(Bytes, MalformedTest, ::testing::Values(kNotUtf8, kTruncated));

TEST_P(MalformedTest, UnaryIsToldWhatItShouldHaveBeen) {
  const grpc::Status status = Send("Ask", {GetParam()});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("udsecho.testing.v1.ProbeRequest"));
}

TEST_P(MalformedTest, ServerStreamToo) {
  EXPECT_EQ(Send("Expand", {GetParam()}).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_P(MalformedTest, BidiAnswersWhatCameBefore) {
  const grpc::Status status = Send("Talk", {Text(200), Text(300), GetParam(), Text(400)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(replies_, 2);
}

TEST_P(MalformedTest, ClientStreamGetsNoResponse) {
  const grpc::Status status = Send("Collect", {Text(200), GetParam()});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(replies_, 0);
}

using LimitTest = MalformedTest;
INSTANTIATE_TEST_SUITE_P(Methods, LimitTest, ::testing::Values("Ask", "Talk", "Collect"));

TEST_P(LimitTest, AsLongAsAllowed) { EXPECT_TRUE(Send(GetParam(), {Text(kLimit)}).ok()); }

TEST_P(LimitTest, OneByteMore) {
  const grpc::Status status = Send(GetParam(), {Text(kLimit + 1)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("1001"), HasSubstr("1000")));
  EXPECT_EQ(replies_, 0);
  EXPECT_EQ(server_.statistics().calls_refused, 1U);
}

TEST_P(LimitTest, OneByteMoreAndMoreBehindIt) {
  const grpc::Status status = Send(GetParam(), {Text(kLimit + 1), Text(200)});
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(replies_, 0);
}

}  // namespace
}  // namespace udsecho::testing
