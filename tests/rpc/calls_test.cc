// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Every shape of call, as its client sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

class CallsTest : public ::testing::Test {
 protected:
  CallsTest() { server_.Start(); }

  static v1::ProbeRequest Request(const std::string& text, int count = 0) {
    v1::ProbeRequest request;
    request.set_text(text);
    request.set_count(count);
    return request;
  }

  HostedServer server_;
  std::unique_ptr<v1::Probe::Stub> stub_ = v1::Probe::NewStub(server_.Connect());
  grpc::ClientContext context_;
  v1::ProbeReply reply_;
};

TEST_F(CallsTest, UnaryIsAnsweredAndKnowsItsPeer) {
  const grpc::Status status = stub_->Ask(&context_, Request("hello"), &reply_);
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(reply_.text(), "hello");
  EXPECT_EQ(reply_.peer_uid(), geteuid());
}

TEST_F(CallsTest, UnaryCanFail) {
  const grpc::Status status = stub_->Ask(&context_, Request(""), &reply_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text is empty");
}

TEST_F(CallsTest, ServerStreamKeepsItsOrder) {
  auto reader = stub_->Expand(&context_, Request("n", 1000));
  int count = 0;
  while (reader->Read(&reply_)) EXPECT_EQ(reply_.text(), "n" + std::to_string(count++));
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 1000);
}

TEST_F(CallsTest, ClientStreamIsCollected) {
  auto writer = stub_->Collect(&context_, &reply_);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(writer->Write(Request("x")));
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(reply_.text(), std::string(1000, 'x'));
}

TEST_F(CallsTest, BidiAnswersBeforeTheNextMessageIsSent) {
  auto stream = stub_->Talk(&context_);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream->Write(Request(std::to_string(i))));
    ASSERT_TRUE(stream->Read(&reply_));
    EXPECT_EQ(reply_.text(), std::to_string(i));
  }
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&reply_));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(CallsTest, HandlerThatSaysNothingIsInternal) {
  const grpc::Status status = stub_->Forget(&context_, Request("x"), &reply_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL);
}

TEST_F(CallsTest, MethodWithoutHandlerIsUnimplemented) {
  const grpc::Status status = stub_->Unserved(&context_, Request("x"), &reply_);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(CallsTest, ManyCallsOnManyConnections) {
  for (int connection = 0; connection < 50; ++connection) {
    auto stub = v1::Probe::NewStub(server_.Connect());
    for (int call = 0; call < 20; ++call) {
      grpc::ClientContext context;
      ASSERT_TRUE(stub->Ask(&context, Request("hello"), &reply_).ok());
    }
  }
}

}  // namespace
}  // namespace udsecho::testing
