// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a client sees of the limits, and of not being let in.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

using ::testing::HasSubstr;

v1::ProbeRequest Request(const std::string& text, int64_t wait_ms = 0) {
  v1::ProbeRequest request;
  request.set_text(text);
  request.set_wait_ms(wait_ms);
  return request;
}

// A call that waits in its handler until it is cancelled.
class WaitingCall {
 public:
  WaitingCall(HostedServer* server, v1::Probe::Stub* stub) : server_(*server) {
    thread_ = std::thread([this, stub] {
      v1::ProbeReply reply;
      status_ = stub->Ask(&context_, Request("wait", 3'600'000), &reply);
    });
    EXPECT_EQ(server_.words().Hear(), Word::kWaiting);
  }
  ~WaitingCall() {
    if (thread_.joinable()) Cancel();
  }
  WaitingCall(const WaitingCall&) = delete;
  WaitingCall& operator=(const WaitingCall&) = delete;

  void Cancel() {
    context_.TryCancel();
    thread_.join();
    EXPECT_EQ(status_.error_code(), grpc::StatusCode::CANCELLED);
    EXPECT_EQ(server_.words().Hear(), Word::kInterrupted);
  }

 private:
  HostedServer& server_;
  grpc::ClientContext context_;
  grpc::Status status_;
  std::thread thread_;
};

class Caller {
 public:
  explicit Caller(const HostedServer& server) : stub_(v1::Probe::NewStub(server.Connect())) {}

  v1::Probe::Stub* stub() { return stub_.get(); }

  grpc::Status Ask(const std::string& text) {
    grpc::ClientContext context;
    return stub_->Ask(&context, Request(text), &reply_);
  }
  grpc::Status Expand() {
    grpc::ClientContext context;
    return stub_->Expand(&context, Request("x"))->Finish();
  }
  grpc::Status Collect() {
    grpc::ClientContext context;
    auto writer = stub_->Collect(&context, &reply_);
    writer->WritesDone();
    return writer->Finish();
  }
  grpc::Status Talk() {
    grpc::ClientContext context;
    auto stream = stub_->Talk(&context);
    stream->WritesDone();
    return stream->Finish();
  }

 private:
  std::unique_ptr<v1::Probe::Stub> stub_;
  v1::ProbeReply reply_;
};

TEST(AdmissionTest, OneCallTooManyIsRefusedUntilAnotherEnds) {
  HostedServer server({.limits = {.max_calls_per_uid = 2}});
  server.Start();
  Caller caller(server);
  // On connections of their own: on one, the client would hold the third back.
  Caller second(server);
  Caller third(server);
  WaitingCall first_call(&server, caller.stub());
  const WaitingCall second_call(&server, second.stub());
  for (const grpc::Status& refused :
       {third.Ask("x"), third.Expand(), third.Collect(), third.Talk()}) {
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_THAT(refused.error_message(), HasSubstr("limit"));
  }
  first_call.Cancel();
  EXPECT_TRUE(third.Ask("x").ok());
}

TEST(AdmissionTest, AClientThatHeardTheLimitHoldsItsCallsBack) {
  HostedServer server({.limits = {.max_calls_per_uid = 1}});
  server.Start();
  Caller caller(server);
  EXPECT_TRUE(caller.Ask("x").ok());  // SETTINGS have arrived since
  WaitingCall waiting(&server, caller.stub());
  grpc::Status late;
  std::thread thread([&] { late = caller.Ask("y"); });
  waiting.Cancel();
  thread.join();
  EXPECT_TRUE(late.ok()) << late.error_message();
}

TEST(AdmissionTest, MessagesTakeNoMoreThanTheirShareOfTheMemory) {
  constexpr int kMiB = 1 << 20;
  // Half of it, 8 MiB, is for messages: one of 5 MiB that waits, and no second one.
  HostedServer server({.limits = {.max_message_bytes = 6 * kMiB, .max_memory_bytes = 16 * kMiB}});
  server.Start();
  Caller caller(server);
  grpc::ClientContext context;
  auto stream = caller.stub()->Talk(&context);
  v1::ProbeReply reply;
  ASSERT_TRUE(stream->Write(Request(std::string(5 * kMiB, 'x'))));
  ASSERT_TRUE(stream->Read(&reply));
  const grpc::Status refused = Caller(server).Ask(std::string(5 * kMiB, 'y'));
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Caller(server).Ask("small").ok());
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(Caller(server).Ask(std::string(5 * kMiB, 'z')).ok());
}

}  // namespace
}  // namespace udsecho::testing
