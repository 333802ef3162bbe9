// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Health that waits for a call of the server's to itself.

#include <gtest/gtest.h>
#include <unistd.h>

#include <future>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/create_channel_posix.h"
#include "tests/rpc/hosted_server.h"
#include "tests/support/patience.h"
#include "uds/connect.h"

namespace udsecho::testing {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class FailureAwaited final : public rpc::ServerEvents {
 public:
  void SelfCallFailed(const absl::Status& why) override {
    if (!told_) failed_.set_value(why);
    told_ = true;
  }
  std::future<absl::Status> failed() { return failed_.get_future(); }

 private:
  std::promise<absl::Status> failed_;
  bool told_ = false;
};

class Watcher {
 public:
  Watcher(const std::shared_ptr<grpc::Channel>& channel, const std::string& service)
      : stub_(Health::NewStub(channel)) {
    HealthCheckRequest request;
    request.set_service(service);
    context_.set_deadline(std::chrono::system_clock::now() + support::kPatience);
    stream_ = stub_->Watch(&context_, request);
  }

  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response.status();
  }

  // Reads on until that is told, or the stream ends.
  void Await(HealthCheckResponse::ServingStatus status) {
    HealthCheckResponse response;
    while (stream_->Read(&response)) {
      if (response.status() == status) return;
      EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
    }
    ADD_FAILURE() << "the stream ended before";
  }

  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<Health::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> stream_;
};

TEST(SelfCallTest, MakesTheServerAndEachServiceServing) {
  HostedServer server({.call_itself = true});
  server.Start();
  for (const std::string service : {"", "udsecho.testing.v1.Probe", "grpc.health.v1.Health"}) {
    Watcher(server.Connect(), service).Await(HealthCheckResponse::SERVING);
  }
}

TEST(SelfCallTest, LeavesNoConnectionBehind) {
  HostedServer server({.call_itself = true});
  server.Start();
  Watcher(server.Connect(), "").Await(HealthCheckResponse::SERVING);
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
}

TEST(SelfCallTest, UnansweredLeavesTheServerNotServing) {
  FailureAwaited events;
  HostedServer server({.call_itself = true}, &events);
  auto connection = uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5));
  ASSERT_TRUE(connection.ok());
  ASSERT_EQ(unlink(server.path().c_str()), 0);
  server.Start();
  EXPECT_FALSE(events.failed().get().ok());
  Watcher watcher(grpc::CreateInsecureChannelFromFd("localhost", connection->release()), "");
  EXPECT_EQ(watcher.Next(), HealthCheckResponse::NOT_SERVING);
  watcher.Cancel();
}

TEST(SelfCallTest, DoesNotHoldUpAStopAtOnce) {
  HostedServer server({.grace = absl::Hours(1), .call_itself = true});
  server.Stop();
  server.Start();
  EXPECT_EQ(server.Join().calls_cut, 0U);
}

}  // namespace
}  // namespace udsecho::testing
