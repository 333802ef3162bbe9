// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Server::Readmit(): who may call changes while the server runs.

#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/patience.h"

namespace udsecho::testing {
namespace {

grpc::Status Ask(v1::Probe::Stub* stub, int64_t wait_ms = 0) {
  grpc::ClientContext context;
  v1::ProbeRequest request;
  request.set_text("x");
  request.set_wait_ms(wait_ms);
  v1::ProbeReply reply;
  return stub->Ask(&context, request, &reply);
}

class ReadmitTest : public ::testing::Test {
 protected:
  ReadmitTest()
      : server_({.admit = [this](const uds::PeerCredentials&) {
          return may_ ? absl::OkStatus() : absl::PermissionDeniedError("not now");
        }}) {
    server_.Start();
  }

  void Set(bool may) {
    may_ = may;
    server_.server().Readmit();
  }

  // Calls until the answer is such a one: a client takes a moment to hear that it is to leave.
  void Await(v1::Probe::Stub* stub, grpc::StatusCode code) {
    const support::Deadline deadline;
    for (;;) {
      const grpc::Status status = Ask(stub);
      if (status.error_code() == code) return;
      ASSERT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::PERMISSION_DENIED)
          << status.error_message();
      ASSERT_FALSE(deadline.IsOver());
    }
  }

  std::atomic<bool> may_ = true;
  HostedServer server_;
};

TEST_F(ReadmitTest, WhatAClientMayHoldsForTheConnectionsThatItHas) {
  auto stub = v1::Probe::NewStub(server_.Connect());
  EXPECT_TRUE(Ask(stub.get()).ok());
  Set(false);
  Await(stub.get(), grpc::StatusCode::PERMISSION_DENIED);
  Set(true);
  Await(stub.get(), grpc::StatusCode::OK);
}

TEST_F(ReadmitTest, CallsInFlightGoOn) {
  const auto channel = server_.Connect();
  auto slow =
      std::async(std::launch::async, [&] { return Ask(v1::Probe::NewStub(channel).get(), 500); });
  ASSERT_EQ(server_.words().Hear(), Word::kWaiting);
  Set(false);
  Await(v1::Probe::NewStub(channel).get(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(slow.get().ok());
}

TEST_F(ReadmitTest, WhereNothingHasChangedConnectionsStay) {
  auto stub = v1::Probe::NewStub(server_.Connect());
  EXPECT_TRUE(Ask(stub.get()).ok());
  for (int i = 0; i < 10; ++i) {
    Set(true);
    EXPECT_TRUE(Ask(stub.get()).ok());
  }
  EXPECT_EQ(server_.statistics().connections_accepted, 1U);
}

}  // namespace
}  // namespace udsecho::testing
