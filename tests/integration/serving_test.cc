// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Health is SERVING for each service as soon as the server listens; and calls that wait end with
// what ends them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/support/patience.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::integration {
namespace {

namespace health = grpc::health::v1;

void AwaitServing(const ServerProcess& server, const std::string& service) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + support::kPatience);
  health::HealthCheckRequest request;
  request.set_service(service);
  auto watch = health::Health::NewStub(Connect(server.path()))->Watch(&context, request);
  health::HealthCheckResponse state;
  while (watch->Read(&state)) {
    if (state.status() == health::HealthCheckResponse::SERVING) return;
    EXPECT_EQ(state.status(), health::HealthCheckResponse::NOT_SERVING);
  }
  ADD_FAILURE() << service << " never became SERVING";
}

TEST(HealthTest, TellsOfEachServiceServed) {
  ServerProcess server({.path = "", .flags = {"--interop"}, .spawn = {}});
  for (const std::string service :
       {"", "udsecho.v1.Echo", "udsecho.v1.Admin", "grpc.testing.TestService",
        "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}) {
    AwaitServing(server, service);
  }
}

TEST(HealthTest, ThereAreNoConnectionsOfTheServersOwn) {
  ServerProcess server;
  AwaitServing(server, "");
  EXPECT_EQ(server.Stop(), kClean);
  for (const nlohmann::json& event : server.AllEvents()) {
    if (event["event"] == "connection_opened" || event["event"] == "connection_closed") {
      EXPECT_EQ(event["fields"]["pid"], getpid()) << event;
    }
  }
}

class WaitingTest : public ::testing::Test {
 protected:
  // An hour of waiting in each shape.
  std::vector<std::function<grpc::Status(grpc::ClientContext*)>> Waits() {
    return {[this](auto* context) {
              v1::EchoResponse response;
              return stub_->Echo(context, Delayed("x", 3'600'000), &response);
            },
            [this](auto* context) {
              v1::ExpandRequest request;
              request.set_count(2);
              request.mutable_interval()->set_seconds(3600);
              auto stream = stub_->Expand(context, request);
              v1::EchoResponse response;
              while (stream->Read(&response)) {
              }
              return stream->Finish();
            },
            [this](auto* context) {
              v1::CollectResponse response;
              auto writer = stub_->Collect(context, &response);
              writer->Write(Delayed("x", 3'600'000));
              return writer->Finish();
            },
            [this](auto* context) {
              auto stream = stub_->Chat(context);
              stream->Write(Delayed("x", 3'600'000));
              v1::EchoResponse response;
              stream->Read(&response);
              return stream->Finish();
            }};
  }

  // Until the server has no call left but the one that asks.
  void ExpectNothingInFlight() {
    const auto admin = v1::Admin::NewStub(Connect(server_.path()));
    v1::StatsResponse stats;
    const support::Deadline deadline;
    do {
      grpc::ClientContext context;
      ASSERT_TRUE(admin->Stats(&context, {}, &stats).ok());
    } while (stats.calls_in_flight() > 1 && !deadline.IsOver());
    EXPECT_EQ(stats.calls_in_flight(), 1U);
  }

  ServerProcess server_;
  std::unique_ptr<v1::Echo::Stub> stub_ = v1::Echo::NewStub(Connect(server_.path()));
};

TEST_F(WaitingTest, EndsWithTheDeadline) {
  for (const auto& wait : Waits()) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
    EXPECT_EQ(wait(&context).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  }
  ExpectNothingInFlight();
}

TEST_F(WaitingTest, EndsWithACancel) {
  int received = 0;
  for (const auto& wait : Waits()) {
    grpc::ClientContext context;
    auto status = std::async(std::launch::async, wait, &context);
    server_.Event("message_received", ++received);
    context.TryCancel();
    EXPECT_EQ(status.get().error_code(), grpc::StatusCode::CANCELLED);
  }
  ExpectNothingInFlight();
}

}  // namespace
}  // namespace udsecho::integration
