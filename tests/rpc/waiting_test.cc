// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A handler that waits: others go on, and the wait ends with the call.

#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

constexpr int64_t kHour = 3'600'000;

class WaitingTest : public ::testing::Test {
 protected:
  WaitingTest() { server_.Start(); }

  std::future<grpc::Status> AskAsync(grpc::ClientContext* context, int64_t wait_ms) {
    return std::async(std::launch::async, [this, context, wait_ms] {
      v1::ProbeRequest request;
      v1::ProbeReply reply;
      request.set_text("slow");
      request.set_wait_ms(wait_ms);
      return stub_->Ask(context, request, &reply);
    });
  }

  HostedServer server_;
  std::unique_ptr<v1::Probe::Stub> stub_ = v1::Probe::NewStub(server_.Connect());
  grpc::ClientContext context_;
};

TEST_F(WaitingTest, TheWaitIsAsLongAsAsked) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(AskAsync(&context_, 50).get().ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(50));
  EXPECT_EQ(server_.words().Hear(), Word::kWaiting);
  EXPECT_EQ(server_.words().Hear(), Word::kWaited);
}

TEST_F(WaitingTest, OthersAreAnsweredMeanwhile) {
  auto slow = AskAsync(&context_, kHour);
  ASSERT_EQ(server_.words().Hear(), Word::kWaiting);
  grpc::ClientContext context;
  v1::ProbeRequest request;
  v1::ProbeReply reply;
  request.set_text("quick");
  EXPECT_TRUE(stub_->Ask(&context, request, &reply).ok());
  context_.TryCancel();
  EXPECT_EQ(slow.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WaitingTest, CancelEndsTheWait) {
  auto slow = AskAsync(&context_, kHour);
  ASSERT_EQ(server_.words().Hear(), Word::kWaiting);
  context_.TryCancel();
  EXPECT_EQ(server_.words().Hear(), Word::kInterrupted);
  EXPECT_EQ(slow.get().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(WaitingTest, DeadlineEndsTheWait) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  auto slow = AskAsync(&context_, kHour);
  ASSERT_EQ(server_.words().Hear(), Word::kWaiting);
  EXPECT_EQ(server_.words().Hear(), Word::kInterrupted);
  EXPECT_EQ(slow.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(WaitingTest, AfterTheEndNothingIsWaitedFor) {
  v1::ProbeReply reply;
  EXPECT_TRUE(stub_->Linger(&context_, {}, &reply).ok());
  EXPECT_EQ(server_.words().Hear(), Word::kWaited);
}

// One that did not wait hears of it with its end.
TEST_F(WaitingTest, FinishSaysThatTheCallerIsGone) {
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  v1::ProbeRequest request;
  request.set_wait_ms(700);
  v1::ProbeReply reply;
  EXPECT_EQ(stub_->Linger(&context_, request, &reply).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(server_.words().Hear(), Word::kInterrupted);
}

}  // namespace
}  // namespace udsecho::testing
