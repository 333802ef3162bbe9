// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The end of a server: nothing that was begun is lost, and nothing holds it up for longer than
// asked.

#include <grpcpp/create_channel_posix.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "uds/connect.h"

namespace udsecho::testing {
namespace {

constexpr int64_t kHour = 3'600'000;

std::future<grpc::Status> AskAsync(const HostedServer& server, int64_t wait_ms) {
  return std::async(std::launch::async, [channel = server.Connect(), wait_ms] {
    grpc::ClientContext context;
    v1::ProbeRequest request;
    v1::ProbeReply reply;
    request.set_text("x");
    request.set_wait_ms(wait_ms);
    return v1::Probe::NewStub(channel)->Ask(&context, request, &reply);
  });
}

bool CanConnect(const HostedServer& server) {
  return uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5)).ok();
}

TEST(DrainTest, CallInFlightCompletes) {
  HostedServer server;
  server.Start();
  auto call = AskAsync(server, 300);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  EXPECT_TRUE(call.get().ok());
  EXPECT_FALSE(CanConnect(server));
}

TEST(DrainTest, NewConnectionsAreRefusedWhileCallsGoOn) {
  HostedServer server;
  server.Start();
  auto call = AskAsync(server, kHour);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop();
  while (CanConnect(server)) {
  }
  EXPECT_EQ(call.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  server.Stop();
  EXPECT_EQ(server.Join().calls_cut, 1U);
}

TEST(DrainTest, GraceOverCutsWithAStatusToRetryOn) {
  HostedServer server({.grace = absl::Milliseconds(100)});
  server.Start();
  auto call = AskAsync(server, kHour);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  EXPECT_EQ(server.StopAndJoin().calls_cut, 1U);
  EXPECT_EQ(server.words().Hear(), Word::kInterrupted);
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(DrainTest, SecondStopCuts) {
  HostedServer server({.grace = absl::Hours(1)});
  server.Start();
  auto call = AskAsync(server, kHour);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop();
  server.Stop();
  EXPECT_EQ(server.Join().calls_cut, 1U);
  EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(DrainTest, BacklogIsServed) {
  constexpr int kRequestBytes = 10'000;
  HostedServer server;
  server.Stop();  // before anybody was accepted
  auto connection = uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5));
  ASSERT_TRUE(connection.ok());
  const int fd = connection->release();  // gRPC's from here
  auto call = std::async(std::launch::async, [fd] {
    auto stub = v1::Probe::NewStub(grpc::CreateInsecureChannelFromFd("localhost", fd));
    grpc::ClientContext context;
    v1::ProbeRequest request;
    v1::ProbeReply reply;
    request.set_text(std::string(kRequestBytes, 'x'));
    return stub->Ask(&context, request, &reply);
  });
  // Once so much waits in the socket, the request is there.
  for (int unread = 0; unread < kRequestBytes;) ASSERT_EQ(ioctl(fd, SIOCOUTQ, &unread), 0);
  server.Start();
  EXPECT_EQ(server.Join().calls_cut, 0U);
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

// A call that comes while the clients are told to go away is served, or its client may retry it.
TEST(DrainTest, UnderLoadACallIsServedOrWasNeverTaken) {
  constexpr int kConnections = 4;
  constexpr int kCallsAtOnce = 8;
  HostedServer server;
  server.Start();
  std::vector<std::future<std::pair<int, grpc::Status>>> callers;
  for (int connection = 0; connection < kConnections; ++connection) {
    auto channel = server.Connect();
    for (int caller = 0; caller < kCallsAtOnce; ++caller) {
      callers.push_back(std::async(std::launch::async, [channel] {
        auto stub = v1::Probe::NewStub(channel);
        v1::ProbeRequest request;
        request.set_text(std::string(10'000, 'x'));
        for (int served = 0;; ++served) {
          grpc::ClientContext context;
          v1::ProbeReply reply;
          const grpc::Status status = stub->Ask(&context, request, &reply);
          if (!status.ok()) return std::make_pair(served, status);
        }
      }));
    }
  }
  // A call with a wait of its own tells that all are under way, and ends in the middle of the
  // drain.
  auto waiting = AskAsync(server, 200);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  EXPECT_TRUE(waiting.get().ok());
  for (auto& caller : callers) {
    const auto [served, status] = caller.get();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
  }
}

TEST(DrainTest, StalledStreamHoldsUpNoOtherCallOfItsConnection) {
  HostedServer server({.grace = absl::Hours(1), .limits = {.max_message_bytes = 16 << 20}});
  server.Start();
  auto stub = v1::Probe::NewStub(server.Connect());
  grpc::ClientContext talk_context;
  auto talk = stub->Talk(&talk_context);
  // Sent and never read: the replies fill the stream's window, and then the server's write waits.
  auto sender = std::async(std::launch::async, [&talk] {
    v1::ProbeRequest request;
    request.set_text(std::string(4 << 20, 'x'));
    while (talk->Write(request)) {
    }
  });
  grpc::ClientContext context;
  v1::ProbeRequest request;
  v1::ProbeReply reply;
  request.set_text("x");
  request.set_wait_ms(500);
  auto ask = std::async(std::launch::async, [&] { return stub->Ask(&context, request, &reply); });
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop();
  const grpc::Status status = ask.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
  server.Stop();
  EXPECT_GE(server.Join().calls_cut, 1U);  // the one just answered may not be over yet
  sender.get();
}

TEST(DrainTest, ClientThatNeverSpeaksDoesNotHoldUpTheEnd) {
  HostedServer server({.grace = absl::Hours(1)});
  server.Start();
  auto silent = uds::Connect(*uds::Address::Parse(server.path()), absl::Seconds(5));
  ASSERT_TRUE(silent.ok());
  ASSERT_TRUE(AskAsync(server, 0).get().ok());  // so that the silent one was accepted before
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
}

TEST(DrainTest, PathIsThereUntilTheEnd) {
  HostedServer server;
  server.Start();
  [[maybe_unused]] const auto call = AskAsync(server, kHour);
  ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  server.Stop();
  while (CanConnect(server)) {
  }
  EXPECT_EQ(access(server.path().c_str(), F_OK), 0);
  server.Stop();
  server.Join();
  EXPECT_NE(access(server.path().c_str(), F_OK), 0);
}

}  // namespace
}  // namespace udsecho::testing
