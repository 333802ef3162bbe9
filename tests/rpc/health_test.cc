// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Health, as the probes of orchestrators and the balancers of clients see it.

#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/rpc/hosted_server.h"

namespace udsecho::testing {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() { server_.Start(); }

  static HealthCheckRequest Of(const std::string& service) {
    HealthCheckRequest request;
    request.set_service(service);
    return request;
  }

  HostedServer server_;
  std::unique_ptr<grpc::health::v1::Health::Stub> stub_ =
      grpc::health::v1::Health::NewStub(server_.Connect());
  grpc::ClientContext context_;
  HealthCheckResponse response_;
};

TEST_F(HealthTest, ServerAndServicesAreServing) {
  for (const char* service : {"", "udsecho.testing.v1.Probe", "grpc.health.v1.Health"}) {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->Check(&context, Of(service), &response_).ok()) << service;
    EXPECT_EQ(response_.status(), HealthCheckResponse::SERVING) << service;
  }
}

TEST_F(HealthTest, UnknownServiceIsNotFound) {
  EXPECT_EQ(stub_->Check(&context_, Of("no.Such"), &response_).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(HealthTest, WatchTellsOfTheDrainAndEnds) {
  auto watch = stub_->Watch(&context_, Of(""));
  ASSERT_TRUE(watch->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::SERVING);
  server_.Stop();
  ASSERT_TRUE(watch->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&response_));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(server_.Join().calls_cut, 0U);
}

TEST_F(HealthTest, WatchOfAnUnknownServiceStaysOpen) {
  auto watch = stub_->Watch(&context_, Of("no.Such"));
  ASSERT_TRUE(watch->Read(&response_));
  EXPECT_EQ(response_.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  context_.TryCancel();
  EXPECT_FALSE(watch->Read(&response_));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

}  // namespace
}  // namespace udsecho::testing
