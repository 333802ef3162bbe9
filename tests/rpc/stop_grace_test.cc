// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A stop that says itself how long calls in flight may go on.

#include <gtest/gtest.h>

#include <future>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

std::future<grpc::Status> AskAsync(const HostedServer& server, int64_t wait_ms) {
  return std::async(std::launch::async, [channel = server.Connect(), wait_ms] {
    grpc::ClientContext context;
    v1::ProbeRequest request;
    request.set_text("x");
    request.set_wait_ms(wait_ms);
    v1::ProbeReply reply;
    return v1::Probe::NewStub(channel)->Ask(&context, request, &reply);
  });
}

TEST(StopGraceTest, ShorterThanTheServersOwnCuts) {
  HostedServer server({.grace = absl::Hours(1)});
  server.Start();
  auto call = AskAsync(server, 3'600'000);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop(absl::Milliseconds(50));
  EXPECT_EQ(server.Join().calls_cut, 1U);
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(StopGraceTest, LongerThanTheServersOwnLetsCallsGoOn) {
  HostedServer server({.grace = absl::ZeroDuration()});
  server.Start();
  auto call = AskAsync(server, 300);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop(absl::Hours(1));
  EXPECT_EQ(server.Join().calls_cut, 0U);
  EXPECT_TRUE(call.get().ok());
}

}  // namespace
}  // namespace udsecho::testing
