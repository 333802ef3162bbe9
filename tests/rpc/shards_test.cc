// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server with several threads: which has which connection, and what they have in common.

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/patience.h"

namespace udsecho::testing {
namespace {

constexpr int kShards = 2;
constexpr int64_t kHour = 3'600'000;

using grpc::reflection::v1::ServerReflection;
using grpc::reflection::v1::ServerReflectionRequest;
using grpc::reflection::v1::ServerReflectionResponse;

using Stubs = std::vector<std::unique_ptr<v1::Probe::Stub>>;

grpc::Status Ask(v1::Probe::Stub* stub, int64_t wait_ms, v1::ProbeReply* reply) {
  grpc::ClientContext context;
  v1::ProbeRequest request;
  request.set_text("x");
  request.set_wait_ms(wait_ms);
  return stub->Ask(&context, request, reply);
}

std::future<grpc::Status> AskAsync(v1::Probe::Stub* stub, int64_t wait_ms) {
  return std::async(std::launch::async, [stub, wait_ms] {
    v1::ProbeReply reply;
    return Ask(stub, wait_ms, &reply);
  });
}

int64_t ThreadOf(v1::Probe::Stub* stub) {
  v1::ProbeReply reply;
  EXPECT_TRUE(Ask(stub, 0, &reply).ok());
  return reply.thread();
}

// Each with a connection of its own, which is made by a first call.
Stubs ConnectSeveral(const HostedServer& server, int count) {
  Stubs stubs;
  for (int i = 0; i < count; ++i) {
    stubs.push_back(v1::Probe::NewStub(server.Connect()));
    ThreadOf(stubs.back().get());
  }
  return stubs;
}

// A caller may have its status before the server has heard that it was sent.
void AwaitCallsInFlight(HostedServer* server, std::size_t count) {
  const support::Deadline deadline;
  while (server->server().calls_in_flight() != count && !deadline.IsOver()) {
    std::this_thread::yield();
  }
  EXPECT_EQ(server->server().calls_in_flight(), count);
}

TEST(ShardsTest, EachHasAsManyConnectionsAndKeepsThem) {
  HostedServer server({.shards = kShards});
  server.Start();
  const Stubs stubs = ConnectSeveral(server, 3 * kShards);
  std::map<int64_t, int> connections;
  for (const auto& stub : stubs) {
    const int64_t thread = ThreadOf(stub.get());
    ++connections[thread];
    for (int i = 0; i < 10; ++i) EXPECT_EQ(ThreadOf(stub.get()), thread);
  }
  EXPECT_EQ(connections.size(), kShards);
  for (const auto& [thread, count] : connections) EXPECT_EQ(count, 3);
}

TEST(ShardsTest, ANewConnectionGoesWhereOneHasLeft) {
  HostedServer server({.shards = kShards});
  server.Start();
  Stubs stubs = ConnectSeveral(server, 2 * kShards);
  const int64_t thread = ThreadOf(stubs[0].get());
  for (auto& stub : stubs) {
    if (ThreadOf(stub.get()) == thread) stub = nullptr;
  }
  const support::Deadline deadline;
  while (server.server().Connections().size() > kShards && !deadline.IsOver()) {
    std::this_thread::yield();
  }
  for (const auto& stub : ConnectSeveral(server, kShards)) {
    EXPECT_EQ(ThreadOf(stub.get()), thread);
  }
}

TEST(ShardsTest, OneThatIsHeldUpHoldsUpNoOther) {
  HostedServer server({.shards = kShards});
  server.Start();
  const Stubs stubs = ConnectSeveral(server, kShards);
  auto held_up = std::async(std::launch::async, [&] {
    grpc::ClientContext context;
    v1::ProbeRequest request;
    request.set_wait_ms(500);  // blocks its thread
    v1::ProbeReply reply;
    return stubs[0]->Linger(&context, request, &reply);
  });
  std::atomic<int> said_by_all = 0;
  int asked = 0;
  bool served_beside_silence = false;
  while (held_up.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    ++asked;
    server.server().AskThreads([&said_by_all] { ++said_by_all; });
    ThreadOf(stubs[1].get());
    served_beside_silence |= said_by_all < asked;
  }
  EXPECT_TRUE(held_up.get().ok());
  EXPECT_TRUE(served_beside_silence);
  const support::Deadline deadline;
  while (said_by_all < asked && !deadline.IsOver()) std::this_thread::yield();
  EXPECT_EQ(said_by_all, asked);
}

TEST(ShardsTest, AUsersLimitIsOneForAll) {
  HostedServer server({.limits = {.max_calls_per_uid = kShards}, .shards = kShards});
  server.Start();
  const Stubs stubs = ConnectSeveral(server, 2 * kShards);
  std::vector<std::future<grpc::Status>> waiting;
  for (int i = 0; i < kShards; ++i) {
    waiting.push_back(AskAsync(stubs[i].get(), kHour));
    ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  }
  AwaitCallsInFlight(&server, waiting.size());
  for (const auto& stub : stubs) {
    v1::ProbeReply reply;
    EXPECT_EQ(Ask(stub.get(), 0, &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  AwaitCallsInFlight(&server, waiting.size());
  const rpc::Statistics counted = server.statistics();
  EXPECT_EQ(counted.calls_refused, 2U * kShards);
  EXPECT_EQ(counted.calls_begun, 2U * kShards + kShards + 2U * kShards);
  EXPECT_EQ(counted.connections_accepted, 2U * kShards);
  server.Stop();
  server.Stop();
  EXPECT_EQ(server.Join().calls_cut, waiting.size());
}

TEST(ShardsTest, ADrainLosesNoneAndACutCountsAll) {
  HostedServer server({.grace = absl::Hours(1), .shards = kShards});
  server.Start();
  const Stubs stubs = ConnectSeveral(server, 2 * kShards);
  std::vector<std::future<grpc::Status>> ending;
  std::vector<std::future<grpc::Status>> endless;
  for (int i = 0; i < 2 * kShards; ++i) {
    ending.push_back(AskAsync(stubs[i].get(), 200));
    endless.push_back(AskAsync(stubs[i].get(), kHour));
    for (int word = 0; word < 2; ++word) ASSERT_EQ(server.words().Hear(), Word::kWaiting);
  }
  server.Stop();
  for (auto& call : ending) EXPECT_TRUE(call.get().ok());
  AwaitCallsInFlight(&server, endless.size());
  server.Stop();
  EXPECT_EQ(server.Join().calls_cut, endless.size());
  for (auto& call : endless) {
    EXPECT_EQ(call.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
}

TEST(ShardsTest, WatchersOfAllAreToldOfTheEnd) {
  using grpc::health::v1::HealthCheckResponse;
  HostedServer server({.shards = kShards});
  server.Start();
  std::vector<std::future<grpc::Status>> watchers;
  std::atomic<int> serving = 0;
  for (int i = 0; i < 3 * kShards; ++i) {
    watchers.push_back(std::async(std::launch::async, [&serving, channel = server.Connect()] {
      const auto stub = grpc::health::v1::Health::NewStub(channel);
      grpc::ClientContext context;
      const auto reader = stub->Watch(&context, {});
      HealthCheckResponse response;
      EXPECT_TRUE(reader->Read(&response));
      EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
      ++serving;
      EXPECT_TRUE(reader->Read(&response));
      EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
      EXPECT_FALSE(reader->Read(&response));
      return reader->Finish();
    }));
  }
  const support::Deadline deadline;
  while (serving < 3 * kShards && !deadline.IsOver()) std::this_thread::yield();
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  for (auto& watcher : watchers) {
    EXPECT_EQ(watcher.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
}

auto OpenReflection(ServerReflection::Stub* stub, grpc::ClientContext* context) {
  auto stream = stub->ServerReflectionInfo(context);
  ServerReflectionRequest request;
  request.set_list_services("");
  ServerReflectionResponse response;
  EXPECT_TRUE(stream->Write(request) && stream->Read(&response));
  return stream;
}

TEST(ShardsTest, StreamsThatStayOpenComeAndGoOnAllAndEndWithADrain) {
  HostedServer server({.shards = kShards});
  server.Start();
  std::vector<std::thread> clients;
  std::atomic<int> open = 0;
  for (int i = 0; i < 4 * kShards; ++i) {
    clients.emplace_back([&server, &open] {
      const auto stub = ServerReflection::NewStub(server.Connect());
      for (int call = 0; call < 100; ++call) {
        grpc::ClientContext context;
        const auto stream = OpenReflection(stub.get(), &context);
        stream->WritesDone();
        EXPECT_TRUE(stream->Finish().ok());
      }
      grpc::ClientContext context;
      const auto stays_open = OpenReflection(stub.get(), &context);
      ++open;
      EXPECT_EQ(stays_open->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
    });
  }
  const support::Deadline deadline;
  while (open < 4 * kShards && !deadline.IsOver()) std::this_thread::yield();
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  for (std::thread& client : clients) client.join();
}

// Connections that come and go on all threads while calls are made on all: what the threads share
// is touched from each of them.
TEST(ShardsTest, ManyConnectionsComeAndGoAndEveryCallIsAnswered) {
  constexpr int kClients = 8;
  constexpr int kConnectionsOfEach = 20;
  constexpr int kCallsOfEach = 10;
  HostedServer server({.shards = kShards});
  server.Start();
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&server, &answered] {
      for (int connection = 0; connection < kConnectionsOfEach; ++connection) {
        const auto stub = v1::Probe::NewStub(server.Connect());
        for (int call = 0; call < kCallsOfEach; ++call) {
          v1::ProbeReply reply;
          if (Ask(stub.get(), 0, &reply).ok()) ++answered;
        }
        server.server().Connections();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, kClients * kConnectionsOfEach * kCallsOfEach);
  EXPECT_EQ(server.StopAndJoin().calls_cut, 0U);
  EXPECT_EQ(server.statistics().calls_begun, static_cast<std::uint64_t>(answered));
}

}  // namespace
}  // namespace udsecho::testing
