// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server with more than one socket: each has services, callers, health and reflection of its own.

#include "rpc/endpoint.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/patience.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using grpc::StatusCode;
using ::testing::Contains;
using ::testing::Not;

constexpr char kProbe[] = "udsecho.testing.v1.Probe";

// Which endpoint a call came to.
class Which final : public rpc::Service {
 public:
  Which() : Service(kProbe) { Handle("Ask", &Which::Ask); }

 private:
  rpc::Task Ask(rpc::UnaryCall<v1::ProbeRequest, v1::ProbeReply>& call) {
    v1::ProbeReply reply;
    reply.set_text(absl::StrCat("endpoint ", call.connection().endpoint));
    co_await call.Finish(reply);
  }
};

std::shared_ptr<grpc::Channel> ConnectTo(const std::string& path) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", path), grpc::InsecureChannelCredentials(),
                                   arguments);
}

struct Answer {
  grpc::Status status;
  std::string text;
};

Answer Ask(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  v1::ProbeRequest request;
  request.set_text("x");
  v1::ProbeReply reply;
  const grpc::Status status = v1::Probe::NewStub(channel)->Ask(&context, request, &reply);
  return {status, reply.text()};
}

StatusCode HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse response;
  request.set_service(service);
  return grpc::health::v1::Health::NewStub(channel)
      ->Check(&context, request, &response)
      .error_code();
}

std::vector<std::string> ServicesAt(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  const auto stream =
      grpc::reflection::v1::ServerReflection::NewStub(channel)->ServerReflectionInfo(&context);
  grpc::reflection::v1::ServerReflectionRequest request;
  request.set_list_services("");
  stream->Write(request);
  stream->WritesDone();
  grpc::reflection::v1::ServerReflectionResponse response;
  EXPECT_TRUE(stream->Read(&response));
  std::vector<std::string> names;
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_TRUE(stream->Finish().ok());
  return names;
}

// The hosted server's own endpoint has ProbeService; the other one, Which.
class EndpointTest : public ::testing::Test {
 protected:
  EndpointTest() {
    auto listener = uds::Listener::Open(uds::Address::Parse(path_).value());
    EXPECT_THAT(listener, support::IsOk());
    rpc::Endpoint& endpoint = server_.server().AddEndpoint(
        *std::move(listener), {.admit = [this](const uds::PeerCredentials&) {
          return may_ ? absl::OkStatus() : absl::PermissionDeniedError("not here");
        }});
    endpoint.Add(&which_);
    EXPECT_EQ(endpoint.index(), 1);
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("other");
  std::atomic<bool> may_ = true;
  Which which_;
  HostedServer server_;
};

TEST_F(EndpointTest, EachHasItsOwnServices) {
  server_.Start();
  const auto main = server_.Connect();
  const auto other = ConnectTo(path_);
  EXPECT_EQ(Ask(other).text, "endpoint 1");
  const Answer answer = Ask(main);
  EXPECT_TRUE(answer.status.ok());
  EXPECT_NE(answer.text, "endpoint 1");
  grpc::ClientContext context;
  v1::ProbeReply reply;
  const auto collect = v1::Probe::NewStub(other)->Collect(&context, &reply);
  collect->WritesDone();
  EXPECT_EQ(collect->Finish().error_code(), StatusCode::UNIMPLEMENTED);
}

TEST_F(EndpointTest, NobodyLearnsAtOneWhatIsServedAtAnother) {
  const support::TempDir dir;
  const std::string bare = dir.Path("s");
  server_.server().AddEndpoint(uds::Listener::Open(uds::Address::Parse(bare).value()).value());
  server_.Start();
  for (const auto& channel : {server_.Connect(), ConnectTo(path_)}) {
    EXPECT_THAT(ServicesAt(channel), Contains(kProbe));
    EXPECT_EQ(HealthOf(channel, kProbe), StatusCode::OK);
    EXPECT_EQ(HealthOf(channel, ""), StatusCode::OK);
  }
  EXPECT_THAT(ServicesAt(ConnectTo(bare)), Not(Contains(kProbe)));
  EXPECT_EQ(HealthOf(ConnectTo(bare), kProbe), StatusCode::NOT_FOUND);
  EXPECT_EQ(Ask(ConnectTo(bare)).status.error_code(), StatusCode::UNIMPLEMENTED);
}

TEST_F(EndpointTest, EachHasItsOwnCallers) {
  may_ = false;
  server_.Start();
  EXPECT_TRUE(Ask(server_.Connect()).status.ok());
  const auto other = ConnectTo(path_);
  EXPECT_EQ(Ask(other).status.error_code(), StatusCode::PERMISSION_DENIED);
  may_ = true;
  server_.server().Readmit();
  const support::Deadline deadline;
  while (!Ask(other).status.ok()) ASSERT_FALSE(deadline.IsOver());
}

TEST_F(EndpointTest, ADrainIsThatOfAll) {
  server_.Start();
  const auto main = server_.Connect();
  const auto other = ConnectTo(path_);
  EXPECT_TRUE(Ask(main).status.ok());
  EXPECT_TRUE(Ask(other).status.ok());
  EXPECT_EQ(server_.StopAndJoin().calls_cut, 0U);
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
  EXPECT_NE(access(server_.path().c_str(), F_OK), 0);
}

TEST_F(EndpointTest, ANameIsServedOnce) {
  Which again;
  rpc::Endpoint& endpoint = server_.server().AddEndpoint(
      uds::Listener::Open(uds::Address::Parse(dir_.Path("3")).value()).value());
  endpoint.Add(&which_);
  EXPECT_DEATH(endpoint.Add(&again), "same name");
}

TEST_F(EndpointTest, AUidHasItsLimitAtAllTogether) {
  HostedServer server({.limits = {.max_connections = 8, .max_connections_per_uid = 2}});
  const support::TempDir dir;
  server.server().AddEndpoint(
      uds::Listener::Open(uds::Address::Parse(dir.Path("s")).value()).value());
  server.Start();
  const auto first = server.Connect();
  const auto second = ConnectTo(dir.Path("s"));
  EXPECT_EQ(HealthOf(first, ""), StatusCode::OK);
  EXPECT_EQ(HealthOf(second, ""), StatusCode::OK);
  EXPECT_EQ(HealthOf(ConnectTo(dir.Path("s")), ""), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(HealthOf(server.Connect(), ""), StatusCode::RESOURCE_EXHAUSTED);
}

// Whose path is lost, by the endpoint's index.
TEST(EndpointEventsTest, ALostPathIsToldWithItsEndpoint) {
  class Events final : public rpc::ServerEvents {
   public:
    void PathChanged(int endpoint, const absl::Status& still_ours) override {
      if (endpoint == 1 && !still_ours.ok() && !lost.HasBeenNotified()) lost.Notify();
    }
    absl::Notification lost;
  } events;
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  HostedServer server({}, &events);
  server.server().AddEndpoint(uds::Listener::Open(uds::Address::Parse(path).value()).value());
  server.Start();
  ASSERT_EQ(HealthOf(ConnectTo(path), ""), StatusCode::OK);
  ASSERT_EQ(unlink(path.c_str()), 0);
  EXPECT_TRUE(events.lost.WaitForNotificationWithTimeout(absl::FromChrono(support::kPatience)));
  EXPECT_EQ(HealthOf(server.Connect(), ""), StatusCode::OK);
}

}  // namespace
}  // namespace udsecho::testing
