// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Health that waits for a call of the server's to itself.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <string>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/create_channel_posix.h"
#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
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

// Connects from a socket that has a name, as the server itself does.
std::shared_ptr<grpc::Channel> ConnectAsTheServerDoes(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const sockaddr unnamed = {.sa_family = AF_UNIX, .sa_data = {}};
  EXPECT_EQ(bind(fd, &unnamed, sizeof(unnamed.sa_family)), 0);
  const auto address = *uds::Address::Parse(path);
  EXPECT_EQ(connect(fd, address.socket_address(), address.socket_address_length()), 0);
  return grpc::CreateInsecureChannelFromFd("localhost", fd);
}

// The server's call is too short to be met by a cut here. This has one that waits.
TEST(SelfCallTest, IsNotCountedAmongWhatWasCutOff) {
  HostedServer server({.grace = absl::Hours(1)});
  server.Start();
  const auto ask = [](const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    v1::ProbeRequest request;
    v1::ProbeReply reply;
    request.set_text("x");
    request.set_wait_ms(3'600'000);
    return v1::Probe::NewStub(channel)->Ask(&context, request, &reply);
  };
  auto own = std::async(std::launch::async, ask, ConnectAsTheServerDoes(server.path()));
  auto of_a_client = std::async(std::launch::async, ask, server.Connect());
  for (int i = 0; i < 2; ++i) ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop();
  server.Stop();
  EXPECT_EQ(server.Join().calls_cut, 1U);
  EXPECT_EQ(own.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(of_a_client.get().error_code(), grpc::StatusCode::UNAVAILABLE);
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
