// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Expand: one message in, many out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

using ::testing::ElementsAre;

class ExpandTest : public ::testing::Test {
 protected:
  // Reads all; fails the test unless the call ends with `code`.
  std::vector<std::string> Messages(const v1::ExpandRequest& request,
                                    grpc::StatusCode code = grpc::StatusCode::OK) {
    grpc::ClientContext context;
    auto stream = stub_->Expand(&context, request);
    std::vector<std::string> messages;
    v1::EchoResponse response;
    while (stream->Read(&response)) {
      messages.push_back(response.message());
      EXPECT_EQ(response.payload(), request.payload());
    }
    const grpc::Status status = stream->Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    return messages;
  }

  static v1::ExpandRequest Request(const std::string& message) {
    v1::ExpandRequest request;
    request.set_message(message);
    request.set_payload("\x01\xff");
    return request;
  }

  ServerProcess server_;
  std::unique_ptr<v1::Echo::Stub> stub_ = v1::Echo::NewStub(Connect(server_.path()));
};

TEST_F(ExpandTest, CountRepeatsTheMessage) {
  v1::ExpandRequest request = Request("again and");
  request.set_count(3);
  EXPECT_THAT(Messages(request), ElementsAre("again and", "again and", "again and"));
  request.set_count(0);
  EXPECT_THAT(Messages(request), ElementsAre());
  EXPECT_EQ(server_.Event("message_received")["fields"]["message"], "again and");
}

TEST_F(ExpandTest, WithoutACountEachWordIsAResponse) {
  EXPECT_THAT(Messages(Request(" one\ttwo\r\nthree ")), ElementsAre("one", "two", "three"));
  EXPECT_THAT(Messages(Request("")), ElementsAre());
}

TEST_F(ExpandTest, DelayAndIntervalAreWaitedFor) {
  v1::ExpandRequest request = Request("a b c");
  request.mutable_delay()->set_nanos(50'000'000);
  request.mutable_interval()->set_nanos(50'000'000);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(Messages(request), ElementsAre("a", "b", "c"));
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(150));
}

TEST_F(ExpandTest, IntervalIsBetweenResponses) {
  v1::ExpandRequest request = Request("alone");
  request.mutable_interval()->set_seconds(3600);
  EXPECT_THAT(Messages(request), ElementsAre("alone"));
}

TEST_F(ExpandTest, OutOfRange) {
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  v1::ExpandRequest request = Request("x");
  request.set_count(1'000'001);
  Messages(request, kInvalid);
  request.set_count(-1);
  Messages(request, kInvalid);
  request.set_count(1);
  request.mutable_interval()->set_seconds(3601);
  Messages(request, kInvalid);
  request.clear_interval();
  request.mutable_delay()->set_seconds(-1);
  Messages(request, kInvalid);
}

// A client that reads none of a million responses holds up nobody.
TEST_F(ExpandTest, OthersAreServedMeanwhile) {
  v1::ExpandRequest request = Request("x");
  request.set_count(1'000'000);
  request.set_payload(std::string(1000, 'x'));
  grpc::ClientContext context;
  auto stream = stub_->Expand(&context, request);
  v1::EchoResponse response;
  ASSERT_TRUE(stream->Read(&response));
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(Echo(Connect(server_.path()), Message("meanwhile")).status.ok());
  }
  ASSERT_TRUE(stream->Read(&response));
  context.TryCancel();
  while (stream->Read(&response)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST(ExpandReplyTest, FixedReplyTakesThePlaceOfEachWord) {
  ServerProcess server({.path = "", .flags = {"--reply=fixed"}, .spawn = {}});
  v1::ExpandRequest request;
  request.set_message("one two");
  grpc::ClientContext context;
  auto stream = v1::Echo::NewStub(Connect(server.path()))->Expand(&context, request);
  v1::EchoResponse response;
  int count = 0;
  for (; stream->Read(&response); ++count) EXPECT_EQ(response.message(), "fixed");
  EXPECT_EQ(count, 2);
}

}  // namespace
}  // namespace udsecho::integration
