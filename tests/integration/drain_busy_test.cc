// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A signal under load: what the server began it finishes, and what it did not begin may be retried.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

// Calls without a pause until one fails; counts those that were answered.
void CallUntilRefused(const std::string& path, std::atomic<int64_t>* answered) {
  const auto stub = v1::Echo::NewStub(Connect(path));
  const v1::EchoRequest request = Message("x");
  grpc::Status status;
  while (status.ok()) {
    grpc::ClientContext context;
    v1::EchoResponse response;
    status = stub->Echo(&context, request, &response);
    if (status.ok()) ++*answered;
  }
  // The only code that tells a client to try again.
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << status.error_message();
}

// By the server's own log.
int64_t CountBegun(ServerProcess* server) {
  int64_t begun = 0;
  for (const nlohmann::json& event : server->AllEvents()) {
    if (event["event"] == "message_received") ++begun;
    if (event["event"] == "messages_left_out") begun += event["fields"]["count"].get<int64_t>();
  }
  return begun;
}

TEST(DrainBusyTest, EveryCallThatWasBegunIsAnswered) {
  ServerProcess server;
  std::atomic<int64_t> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) clients.emplace_back(CallUntilRefused, server.path(), &answered);
  server.Event("messages_left_out");  // they are under way
  EXPECT_EQ(server.Stop(), kClean);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(CountBegun(&server), answered);
}

}  // namespace
}  // namespace udsecho::integration
