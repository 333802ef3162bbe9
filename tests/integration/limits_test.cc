// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The largest message, and bytes that are no message at all.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

// echo.proto's limit of one message as encoded: a byte for the field, four for the length, the
// text.
constexpr std::size_t kLimit = 4 * 1024 * 1024;
constexpr std::size_t kLongestText = kLimit - 5;

class LimitsTest : public ::testing::Test {
 protected:
  // The server must be as good as before.
  void TearDown() override {
    EXPECT_TRUE(Echo(Connect(server_.path()), Message("still here")).status.ok());
    EXPECT_EQ(server_.Stop(), kClean);
  }

  ServerProcess server_;
};

TEST_F(LimitsTest, LargestMessage) {
  const v1::EchoRequest request = Message(std::string(kLongestText, 'x'));
  ASSERT_EQ(request.ByteSizeLong(), kLimit);
  const Answer answer = Echo(Connect(server_.path()), request);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_TRUE(answer.response.message() == request.message());
  const nlohmann::json logged = server_.Event("message_received")["fields"];
  EXPECT_EQ(logged["bytes"], kLongestText);
  EXPECT_EQ(logged["message"], std::string(200, 'x'));
}

TEST_F(LimitsTest, LargestPayload) {
  v1::EchoRequest request;
  request.set_payload(std::string(kLongestText, '\xff'));
  const Answer answer = Echo(Connect(server_.path()), request);
  ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
  EXPECT_TRUE(answer.response.payload() == request.payload());
}

TEST_F(LimitsTest, OneByteOver) {
  const Answer answer = Echo(Connect(server_.path()), Message(std::string(kLongestText + 1, 'x')));
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(answer.status.error_message(), ::testing::HasSubstr("4194304"));
}

// What a few kilobytes can be made to unfold to is held to the same limit.
TEST_F(LimitsTest, CompressedMessageIsMeasuredUncompressed) {
  const auto code = [&](std::size_t length) {
    grpc::ClientContext context;
    context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    v1::EchoResponse response;
    return v1::Echo::NewStub(Connect(server_.path()))
        ->Echo(&context, Message(std::string(length, 'x')), &response)
        .error_code();
  };
  EXPECT_EQ(code(kLongestText), grpc::StatusCode::OK);
  EXPECT_EQ(code(kLongestText + 1), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(code(16 * kLimit), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LimitsTest, OneByteOverEndsAStream) {
  auto stub = v1::Echo::NewStub(Connect(server_.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  EXPECT_EQ(Say(stream.get(), "small"), "small");
  EXPECT_EQ(Say(stream.get(), std::string(kLongestText + 1, 'x')), "");
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(LimitsTest, LargestLineOfTheCommandLine) {
  const std::string line = std::string(kLongestText, 'x') + "\n";
  const support::Finished client = RunClient({server_.path(), "--timeout=1m"}, line);
  EXPECT_EQ(client.exit_code, kExitOk) << client.err;
  EXPECT_TRUE(client.out == line);
}

TEST_F(LimitsTest, LineOneByteOver) {
  const std::string line = std::string(kLongestText + 1, 'x') + "\n";
  const support::Finished client = RunClient({server_.path(), "--timeout=1m"}, "small\n" + line);
  EXPECT_EQ(client.exit_code, kResourceExhausted);
  EXPECT_EQ(client.out, "small\n");
  EXPECT_TRUE(IsOneLine(client.err)) << client.err;
}

TEST_F(LimitsTest, TextThatIsNotUtf8) {
  std::string response;
  const grpc::Status status = EchoRaw(Connect(server_.path()), "\x0a\x03\x61\xff\x62", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  EXPECT_THAT(status.error_message(), ::testing::HasSubstr("UTF-8"));
}

TEST_F(LimitsTest, BytesThatAreNoMessage) {
  std::string response;
  const auto code = [&](const std::string& request) {
    return EchoRaw(Connect(server_.path()), request, &response).error_code();
  };
  EXPECT_EQ(code("\x0a\x05hi"), grpc::StatusCode::INVALID_ARGUMENT);  // shorter than it says
  EXPECT_EQ(code("\xff\xff\xff\xff\xff\xff"), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code("\x0a\x02hi"), grpc::StatusCode::OK);
  EXPECT_EQ(response, "\x0a\x02hi");  // the same numbers, so the same bytes
}

TEST_F(LimitsTest, DelayOutOfRange) {
  const auto code = [&](int64_t milliseconds) {
    return Echo(Connect(server_.path()), Delayed("x", milliseconds)).status.error_code();
  };
  EXPECT_EQ(code(-1), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code(3'600'001), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code(1), grpc::StatusCode::OK);
}

}  // namespace
}  // namespace udsecho::integration
