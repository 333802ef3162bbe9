// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A server of several threads whose handlers have work done on those of a pool (rpc/call/run_on.h).

#include "rpc/call/run_on.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "rpc/call/thread_pool.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"
#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"

namespace udsecho::testing {
namespace {

class PoolTest : public ::testing::Test {
 protected:
  rpc::ThreadPool pool_{{.threads = 3}};
  ScriptedService service_;
  HostedServer server_{{.shards = 3}, nullptr, &service_};
};

grpc::Status Ask(v1::Probe::Stub* stub, absl::Duration timeout = absl::Minutes(1)) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(timeout));
  v1::ProbeRequest request;
  request.set_text("x");
  v1::ProbeReply reply;
  return stub->Ask(&context, request, &reply);
}

TEST_F(PoolTest, HandlersGoOnOnTheirOwnThreads) {
  std::atomic<int> handled = 0;
  service_.ask = [&](Unary& call) -> rpc::Task {
    const std::thread::id own = std::this_thread::get_id();
    for (int i = 0; i < 3; ++i) {
      const absl::StatusOr<std::thread::id> other = co_await call.RunOn(
          pool_, [](const std::string&) { return std::this_thread::get_id(); },
          std::string(100, 'x'));
      EXPECT_EQ(own, std::this_thread::get_id());
      EXPECT_TRUE(!other.ok() || *other != own);
    }
    ++handled;
    co_await call.Finish(Says("done"));
  };
  server_.Start();
  std::vector<std::thread> clients;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([this] {
      const auto stub = v1::Probe::NewStub(server_.Connect());
      for (int call = 0; call < 50; ++call) {
        // Some of them end while their work waits or runs.
        const bool hurries = call % 5 == 4;
        const grpc::Status status =
            Ask(stub.get(), hurries ? absl::Microseconds(300) : absl::Minutes(1));
        EXPECT_TRUE(hurries || status.ok()) << status.error_message();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GE(handled, 6 * 40);
}

// The server is gone, and its work still runs.
TEST_F(PoolTest, WorkMayOutliveItsServer) {
  std::promise<void> begun;
  std::promise<void> go;
  service_.ask = [&](Unary& call) -> rpc::Task {
    const absl::Status end = co_await call.RunOn(
        pool_,
        [](std::promise<void>* begin, std::promise<void>* end) {
          begin->set_value();
          end->get_future().wait();
        },
        &begun, &go);
    EXPECT_EQ(end.code(), absl::StatusCode::kUnavailable);
  };
  server_.Start();
  auto asking = std::async(std::launch::async,
                           [this] { return Ask(v1::Probe::NewStub(server_.Connect()).get()); });
  begun.get_future().wait();
  server_.Stop(absl::ZeroDuration());
  EXPECT_EQ(server_.Join().calls_cut, 1U);
  EXPECT_EQ(asking.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  go.set_value();
}

}  // namespace
}  // namespace udsecho::testing
