// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Admin: statistics, connections, an end; and who may ask.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "cli/version.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/support/child_process.h"
#include "tests/support/patience.h"
#include "udsecho/v1/admin.grpc.pb.h"

namespace udsecho::integration {
namespace {

constexpr int64_t kHour = 3'600'000;

std::unique_ptr<v1::Admin::Stub> NewAdmin(const std::string& path) {
  return v1::Admin::NewStub(Connect(path));
}

v1::StatsResponse Stats(v1::Admin::Stub* admin) {
  grpc::ClientContext context;
  v1::StatsResponse response;
  EXPECT_TRUE(admin->Stats(&context, {}, &response).ok());
  return response;
}

v1::ConnectionsResponse Connections(v1::Admin::Stub* admin) {
  grpc::ClientContext context;
  v1::ConnectionsResponse response;
  EXPECT_TRUE(admin->Connections(&context, {}, &response).ok());
  return response;
}

struct Shut {
  grpc::Status status;
  v1::ShutdownResponse response;
};

v1::ShutdownRequest Grace(int64_t seconds, int32_t nanos = 0) {
  v1::ShutdownRequest request;
  request.mutable_grace()->set_seconds(seconds);
  request.mutable_grace()->set_nanos(nanos);
  return request;
}

Shut Shutdown(const std::string& path, const v1::ShutdownRequest& request) {
  grpc::ClientContext context;
  Shut shut;
  shut.status = NewAdmin(path)->Shutdown(&context, request, &shut.response);
  return shut;
}

TEST(AdminTest, StatsCountWhatHappens) {
  ServerProcess server;
  const auto admin = NewAdmin(server.path());
  const v1::StatsResponse before = Stats(admin.get());
  EXPECT_EQ(before.version(), cli::kVersion);
  EXPECT_EQ(before.pid(), server.pid());
  EXPECT_GT(before.started_at().seconds(), 1'600'000'000);
  EXPECT_GE(before.connections_open(), 1U);
  EXPECT_GE(before.calls_in_flight(), 1U);
  EXPECT_GT(before.resident_bytes(), 1'000'000U);

  const std::string text(1000, 'x');
  EXPECT_TRUE(Echo(Connect(server.path()), Message(text)).status.ok());
  const v1::StatsResponse after = Stats(admin.get());
  EXPECT_GE(after.calls_begun(), before.calls_begun() + 2);
  EXPECT_GE(after.bytes_received(), before.bytes_received() + text.size());
  EXPECT_GE(after.bytes_sent(), before.bytes_sent() + text.size());
}

TEST(AdminTest, StatsCountCallsInFlightUntilTheyEnd) {
  ServerProcess server;
  const auto admin = NewAdmin(server.path());
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  grpc::ClientContext context;
  auto stream = stub->Chat(&context);
  ASSERT_EQ(Say(stream.get(), "x"), "x");
  EXPECT_GE(Stats(admin.get()).calls_in_flight(), 2U);
  context.TryCancel();
  const support::Deadline deadline;
  while (Stats(admin.get()).calls_in_flight() > 1 && !deadline.IsOver()) {
  }
  EXPECT_FALSE(deadline.IsOver());
}

TEST(AdminTest, ConnectionsTellWhoIsThere) {
  ServerProcess server;
  const auto channel = Connect(server.path());
  ASSERT_TRUE(Echo(channel, Message("x")).status.ok());
  const auto admin = NewAdmin(server.path());
  const v1::ConnectionsResponse response = Connections(admin.get());
  ASSERT_GE(response.connections_size(), 2);
  uint64_t last_id = 0;
  bool seen = false;
  for (const v1::Connection& connection : response.connections()) {
    EXPECT_GT(connection.id(), last_id);  // the oldest first
    last_id = connection.id();
    if (connection.pid() != getpid() || connection.bytes_received() == 0) continue;
    seen = true;
    EXPECT_EQ(connection.uid(), geteuid());
    EXPECT_EQ(connection.gid(), getegid());
    // The kernel keeps 15 bytes of it.
    EXPECT_EQ(connection.command(), std::string(program_invocation_short_name).substr(0, 15));
    EXPECT_EQ(connection.calls(), 1U);
    EXPECT_EQ(connection.bytes_received(), 3U);
    EXPECT_EQ(connection.bytes_sent(), 3U);
    EXPECT_GT(connection.since().seconds(), 1'600'000'000);
    EXPECT_EQ(connection.user() == "root", geteuid() == 0);
  }
  EXPECT_TRUE(seen) << response.DebugString();
}

TEST(AdminTest, ManyConnectionsAreAllTold) {
  constexpr int kMany = 150;  // more than are described in a row
  ServerProcess server;
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < kMany; ++i) {
    channels.push_back(Connect(server.path()));
    ASSERT_TRUE(Echo(channels.back(), Message("x")).status.ok());
  }
  EXPECT_GE(Connections(NewAdmin(server.path()).get()).connections_size(), kMany);
}

TEST(ShutdownTest, IsAnsweredAndEndsTheServer) {
  ServerProcess server({.path = "", .flags = {"--grace=7s"}, .spawn = {}});
  const Shut shut = Shutdown(server.path(), {});
  EXPECT_TRUE(shut.status.ok()) << shut.status.error_message();
  EXPECT_EQ(shut.response.grace().seconds(), 7);
  EXPECT_EQ(server.Wait(), kClean);
}

TEST(ShutdownTest, ItsOwnAnswerIsNotCutOff) {
  ServerProcess server;
  const Shut shut = Shutdown(server.path(), Grace(0));
  EXPECT_TRUE(shut.status.ok()) << shut.status.error_message();
  EXPECT_TRUE(shut.response.has_grace());
  EXPECT_EQ(server.Wait(), kClean);
}

TEST(ShutdownTest, ItsGraceReplacesTheServers) {
  ServerProcess server({.path = "", .flags = {"--grace=1h"}, .spawn = {}});
  auto call = std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", kHour));
  server.Event("message_received");
  EXPECT_TRUE(Shutdown(server.path(), Grace(0, 50'000'000)).status.ok());
  EXPECT_EQ(server.Wait(), kCallsCutOff);
  EXPECT_EQ(call.get().status.error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(ShutdownTest, CallsInFlightGoOn) {
  ServerProcess server({.path = "", .flags = {"--grace=0"}, .spawn = {}});
  auto call = std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", 500));
  server.Event("message_received");
  EXPECT_TRUE(Shutdown(server.path(), Grace(60)).status.ok());
  EXPECT_EQ(server.Wait(), kClean);
  EXPECT_TRUE(call.get().status.ok());
}

TEST(ShutdownTest, GraceOutOfRange) {
  ServerProcess server;
  for (const v1::ShutdownRequest& wrong : {Grace(-1), Grace(0, -1), Grace(86'400, 1)}) {
    EXPECT_EQ(Shutdown(server.path(), wrong).status.error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_TRUE(Echo(Connect(server.path()), Message("still here")).status.ok());
}

// From here on nothing is undone, so it runs in a process of its own.
constexpr int kMayNot = 77;

int CallAsOther(const std::string& path) {
  constexpr uid_t kOther = 1000;
  if (!support::BecomeUser(kOther)) return kMayNot;
  const auto channel = Connect(path);
  const auto admin = v1::Admin::NewStub(channel);
  const auto expect_denied = [](const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
    EXPECT_THAT(status.error_message(), ::testing::HasSubstr("1000"));
  };
  grpc::ClientContext stats;
  v1::StatsResponse stats_response;
  expect_denied(admin->Stats(&stats, {}, &stats_response));
  grpc::ClientContext connections;
  v1::ConnectionsResponse connections_response;
  expect_denied(admin->Connections(&connections, {}, &connections_response));
  grpc::ClientContext shutdown;
  v1::ShutdownResponse shutdown_response;
  expect_denied(admin->Shutdown(&shutdown, {}, &shutdown_response));
  grpc::ClientContext who;
  v1::WhoAmIResponse who_response;
  EXPECT_TRUE(v1::Echo::NewStub(channel)->WhoAmI(&who, {}, &who_response).ok());
  EXPECT_EQ(who_response.uid(), kOther);
  return 0;
}

TEST(AdminDeniedTest, ToOtherUsers) {
  const support::TempDir dir;
  const std::string path = dir.Path("s");
  support::ChildProcess other(
      [&path](support::Doorbell& parent) { return parent.Wait() ? CallAsOther(path) : 1; });
  ServerProcess server({.path = path, .flags = {}, .spawn = {}});
  ASSERT_EQ(chmod(path.substr(0, path.rfind('/')).c_str(), 0755), 0);
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  other.bell().Ring();
  const int result = other.Wait();
  if (result == kMayNot) GTEST_SKIP() << "takes root, to become another user";
  EXPECT_EQ(result, 0);
  EXPECT_EQ(server.Stop(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
