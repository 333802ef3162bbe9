// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// grpc.testing.TestService: the cases of gRPC's interoperability tests that clients of other
// languages leave out, and what a hostile client might ask for. The rest is run by grpc-go's
// client.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/testing/test.grpc.pb.h"
#include "tests/integration/calls.h"
#include "tests/integration/raw_call.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;
using grpc::testing::TestService;

// The sizes of the specification.
constexpr int kLargeRequest = 271'828;
constexpr int kLargeResponse = 314'159;

class InteropTest : public ::testing::Test {
 protected:
  static SimpleRequest Large(bool expect_compressed) {
    SimpleRequest request;
    request.mutable_expect_compressed()->set_value(expect_compressed);
    request.set_response_size(kLargeResponse);
    request.mutable_payload()->set_body(std::string(kLargeRequest, '\0'));
    return request;
  }

  grpc::Status Unary(const SimpleRequest& request, grpc_compression_algorithm encoding) {
    grpc::ClientContext context;
    context.set_compression_algorithm(encoding);
    return stub_->UnaryCall(&context, request, &response_);
  }

  grpc::Status Output(const StreamingOutputCallRequest& request, int* responses = nullptr) {
    grpc::ClientContext context;
    auto stream = stub_->StreamingOutputCall(&context, request);
    StreamingOutputCallResponse response;
    while (stream->Read(&response)) {
      if (responses != nullptr) ++*responses;
    }
    return stream->Finish();
  }

  ServerProcess server_{{.path = "", .flags = {"--interop"}, .spawn = {}}};
  std::shared_ptr<grpc::Channel> channel_ = Connect(server_.path());
  std::unique_ptr<TestService::Stub> stub_ = TestService::NewStub(channel_);
  SimpleResponse response_;
};

TEST_F(InteropTest, ServerIdIsOfOneServerAndOnlyOnRequest) {
  ASSERT_TRUE(Unary(SimpleRequest(), GRPC_COMPRESS_NONE).ok());
  EXPECT_EQ(response_.server_id(), "");
  SimpleRequest request;
  request.set_fill_server_id(true);
  ASSERT_TRUE(Unary(request, GRPC_COMPRESS_NONE).ok());
  const std::string id = response_.server_id();
  EXPECT_NE(id, "");
  ASSERT_TRUE(Unary(request, GRPC_COMPRESS_NONE).ok());
  EXPECT_EQ(response_.server_id(), id);
  const ServerProcess other({.path = "", .flags = {"--interop"}, .spawn = {}});
  const auto stub = TestService::NewStub(Connect(other.path()));
  grpc::ClientContext context;
  ASSERT_TRUE(stub->UnaryCall(&context, request, &response_).ok());
  EXPECT_NE(response_.server_id(), "");
  EXPECT_NE(response_.server_id(), id);
}

TEST_F(InteropTest, ClientCompressedUnary) {
  // The probe of the specification, first: the server does look.
  EXPECT_EQ(Unary(Large(true), GRPC_COMPRESS_NONE).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  for (const bool compressed : {true, false}) {
    const grpc::Status status =
        Unary(Large(compressed), compressed ? GRPC_COMPRESS_GZIP : GRPC_COMPRESS_NONE);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response_.payload().body(), std::string(kLargeResponse, '\0'));
  }
}

TEST_F(InteropTest, ServerCompressedUnary) {
  for (const bool compressed : {true, false}) {
    SimpleRequest request = Large(false);
    request.mutable_response_compressed()->set_value(compressed);
    const RawReply reply =
        RawCall(ConnectRaw(server_.path(), kAllEncodings), "/grpc.testing.TestService/UnaryCall",
                {.request = request.SerializeAsString()});
    ASSERT_TRUE(reply.status.ok()) << reply.status.error_message();
    EXPECT_EQ(IsGzip(reply.messages.at(0)), compressed);
    EXPECT_EQ(reply.messages.at(0).size() > kLargeResponse, !compressed);
  }
}

TEST_F(InteropTest, ClientCompressedStreaming) {
  const auto send = [&](const std::vector<std::pair<int, bool>>& messages, bool truthful,
                        StreamingInputCallResponse* response) {
    grpc::ClientContext context;
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    auto stream = stub_->StreamingInputCall(&context, response);
    for (const auto& [size, compressed] : messages) {
      StreamingInputCallRequest request;
      request.mutable_expect_compressed()->set_value(compressed);
      request.mutable_payload()->set_body(std::string(size, '\0'));
      grpc::WriteOptions options;
      if (!compressed || !truthful) options.set_no_compression();
      stream->Write(request, options);
    }
    stream->WritesDone();
    return stream->Finish();
  };
  StreamingInputCallResponse response;
  EXPECT_EQ(send({{27'182, true}}, false, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(send({{27'182, true}, {45'904, false}}, true, &response).ok());
  EXPECT_EQ(response.aggregated_payload_size(), 73'086);
}

TEST_F(InteropTest, ServerCompressedStreaming) {
  StreamingOutputCallRequest request;
  for (const auto& [size, compressed] : {std::pair{31'415, true}, std::pair{92'653, false}}) {
    auto* parameters = request.add_response_parameters();
    parameters->set_size(size);
    parameters->mutable_compressed()->set_value(compressed);
  }
  const RawReply reply = RawCall(ConnectRaw(server_.path(), kAllEncodings),
                                 "/grpc.testing.TestService/StreamingOutputCall",
                                 {.request = request.SerializeAsString()});
  ASSERT_TRUE(reply.status.ok()) << reply.status.error_message();
  ASSERT_EQ(reply.messages.size(), 2U);
  EXPECT_TRUE(IsGzip(reply.messages[0]));
  EXPECT_GT(reply.messages[1].size(), 92'653U);
}

TEST_F(InteropTest, CacheableUnaryTellsHowLong) {
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->CacheableUnaryCall(&context, {}, &response_).ok());
  EXPECT_EQ(context.GetServerInitialMetadata().count("cache-control"), 1U);
  const std::string first = response_.payload().body();
  grpc::ClientContext again;
  EXPECT_TRUE(stub_->CacheableUnaryCall(&again, {}, &response_).ok());
  EXPECT_NE(response_.payload().body(), first);
}

TEST_F(InteropTest, HalfDuplexAnswersOnceAllIsThere) {
  grpc::ClientContext context;
  auto stream = stub_->HalfDuplexCall(&context);
  for (const int size : {8, 16, 1024}) {
    StreamingOutputCallRequest request;
    request.add_response_parameters()->set_size(size);
    EXPECT_TRUE(stream->Write(request));
  }
  stream->WritesDone();
  StreamingOutputCallResponse response;
  for (const std::size_t size : {8U, 16U, 1024U}) {
    EXPECT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.payload().body().size(), size);
  }
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(InteropTest, UnimplementedMethodAndService) {
  grpc::ClientContext context;
  grpc::testing::Empty empty;
  EXPECT_EQ(stub_->UnimplementedCall(&context, {}, &empty).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  grpc::ClientContext other;
  EXPECT_EQ(grpc::testing::UnimplementedService::NewStub(channel_)
                ->UnimplementedCall(&other, {}, &empty)
                .error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(InteropTest, SizesOutOfRangeAreRefused) {
  for (const int size : {-1, (4 << 20) + 1, 0x7fffffff}) {
    SimpleRequest simple;
    simple.set_response_size(size);
    EXPECT_EQ(Unary(simple, GRPC_COMPRESS_NONE).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    StreamingOutputCallRequest request;
    request.add_response_parameters()->set_size(1);
    request.add_response_parameters()->set_size(size);
    int responses = 0;
    EXPECT_EQ(Output(request, &responses).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(responses, 1);
  }
}

TEST_F(InteropTest, StatusesThatAreNoneAreUnknown) {
  for (const int code : {-1, 17, 0x7fffffff}) {
    SimpleRequest request;
    request.mutable_response_status()->set_code(code);
    EXPECT_EQ(Unary(request, GRPC_COMPRESS_NONE).error_code(), grpc::StatusCode::UNKNOWN);
  }
}

TEST(NoInteropTest, IsNotServedUnlessAskedFor) {
  ServerProcess server;
  grpc::ClientContext context;
  grpc::testing::Empty empty;
  EXPECT_EQ(
      TestService::NewStub(Connect(server.path()))->EmptyCall(&context, {}, &empty).error_code(),
      grpc::StatusCode::UNIMPLEMENTED);
}

}  // namespace
}  // namespace udsecho::integration
