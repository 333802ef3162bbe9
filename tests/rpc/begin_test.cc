// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a service does for all of its calls, and what a handler keeps.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/patience.h"

namespace udsecho::testing {
namespace {

class BeginTest : public ::testing::Test {
 protected:
  // 32 MiB for messages, and as much for what is on its way to become one: of that a shard has its
  // part, and where too little is left gRPC ends calls in its own way.
  BeginTest() : server_({.limits = {.max_memory_bytes = 64 << 20}}) { server_.Start(); }

  grpc::Status Ask(grpc::ClientContext* context, const std::string& text) {
    v1::ProbeRequest request;
    request.set_text(text);
    v1::ProbeReply reply;
    return stub_->Ask(context, request, &reply);
  }

  // Sends messages until there are `bytes`, and gives the status of the call.
  grpc::Status Collect(std::size_t bytes) {
    grpc::ClientContext context;
    v1::ProbeReply reply;
    v1::ProbeRequest request;
    request.set_text(std::string(1 << 16, 'x'));
    auto writer = stub_->Collect(&context, &reply);
    for (std::size_t sent = 0; sent < bytes; sent += request.text().size()) writer->Write(request);
    writer->WritesDone();
    return writer->Finish();
  }

  HostedServer server_;
  std::unique_ptr<v1::Probe::Stub> stub_ = v1::Probe::NewStub(server_.Connect());
};

TEST_F(BeginTest, RunsForEachCallWhateverItsEnd) {
  for (const std::string text : {"x", ""}) {  // the second is INVALID_ARGUMENT
    grpc::ClientContext context;
    EXPECT_EQ(Ask(&context, text).ok(), !text.empty());
    EXPECT_EQ(context.GetServerTrailingMetadata().count("probe-began"), 1U);
  }
}

TEST_F(BeginTest, RefusesEveryShape) {
  const auto expect_refused = [](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(status.error_message(), "no");
  };
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  const auto context = [&contexts] {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    contexts.back()->AddMetadata("probe-refuse", "no");
    return contexts.back().get();
  };
  v1::ProbeRequest request;
  request.set_text("x");
  v1::ProbeReply reply;
  expect_refused(stub_->Ask(context(), request, &reply));
  expect_refused(stub_->Expand(context(), request)->Finish());
  expect_refused(stub_->Collect(context(), &reply)->Finish());
  expect_refused(stub_->Talk(context())->Finish());
}

TEST_F(BeginTest, WhatAHandlerKeepsIsHeldToTheShareOfItsUid) {
  const grpc::Status refused = Collect(128 << 20);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << refused.error_message();
  // And is given back at the end of its call, which may be a moment after its status.
  const support::Deadline deadline;
  while (!Collect(4 << 20).ok()) ASSERT_FALSE(deadline.IsOver());
  for (int i = 0; i < 8; ++i) {
    const grpc::Status served = Collect(4 << 20);
    EXPECT_TRUE(served.ok()) << served.error_message();
  }
}

}  // namespace
}  // namespace udsecho::testing
