// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --health, of a server that is not what it will be.

#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "tests/client/run_client.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::HasSubstr;

// Becomes healthy with the `healthy_from`th question.
class LateHealth final : public grpc::health::v1::Health::Service {
 public:
  std::atomic<int> questions = 0;
  std::atomic<int> healthy_from = 1;
  std::atomic<int> before = 0;  // the gRPC code until then; 0: NOT_SERVING

  grpc::Status Check(grpc::ServerContext*, const HealthCheckRequest*,
                     HealthCheckResponse* response) override {
    const bool healthy = ++questions >= healthy_from;
    if (!healthy && before != 0) return {static_cast<grpc::StatusCode>(before.load()), "later"};
    response->set_status(healthy ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }
};

class HealthTest : public testing::Test {
 protected:
  HealthTest() {
    grpc_init();  // never shut down: see TestServer
    grpc::ServerBuilder builder;
    builder.RegisterService(&health_);
    builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
    server_ = builder.BuildAndStart();
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  LateHealth health_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(HealthTest, WithoutWaitingTheFirstAnswerCounts) {
  health_.healthy_from = 2;
  EXPECT_EQ(RunClient({path_, "--health"}).exit_code, 4);
  EXPECT_EQ(RunClient({path_, "--health"}).out, "SERVING\n");
}

TEST_F(HealthTest, WaitsUntilItServes) {
  using grpc::StatusCode;
  for (const int before :
       {0, static_cast<int>(StatusCode::NOT_FOUND), static_cast<int>(StatusCode::UNAVAILABLE),
        static_cast<int>(StatusCode::RESOURCE_EXHAUSTED)}) {
    health_.before = before;
    health_.healthy_from = health_.questions + 4;
    const Ended result = RunClient({path_, "--wait=60s", "--health"});
    EXPECT_EQ(result.out, "SERVING\n") << before;
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(health_.questions, health_.healthy_from);
  }
}

TEST_F(HealthTest, WaitsNoLongerThanItIsTold) {
  health_.healthy_from = 1'000'000;
  const Ended result = RunClient({path_, "--wait=100ms", "--health"});
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_EQ(result.out, "NOT_SERVING\n");
  EXPECT_GT(health_.questions, 1);
}

// What will not change by itself is not waited for.
TEST_F(HealthTest, ARefusalIsNotWaitedFor) {
  health_.healthy_from = 1'000'000;
  health_.before = grpc::StatusCode::PERMISSION_DENIED;
  const Ended result = RunClient({path_, "--wait", "--health"});
  EXPECT_EQ(result.exit_code, 64 + 7);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("PERMISSION_DENIED")));
}

}  // namespace
}  // namespace udsecho::client
