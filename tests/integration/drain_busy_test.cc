// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A signal under load: what the server began it finishes, and what it did not begin may be retried.

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

// Calls without a pause until one fails; counts those that were answered.
void CallUntilRefused(const std::shared_ptr<grpc::Channel>& channel,
                      std::atomic<int64_t>* answered) {
  const auto stub = v1::Echo::NewStub(channel);
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

// Each channel is used by several threads at once.
void ExpectEveryBegunCallAnswered(int channels, int threads) {
  ServerProcess server;
  std::atomic<int64_t> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < channels; ++i) {
    const std::shared_ptr<grpc::Channel> channel = Connect(server.path());
    for (int j = 0; j < threads; ++j) clients.emplace_back(CallUntilRefused, channel, &answered);
  }
  server.Event("messages_left_out");  // they are under way
  EXPECT_EQ(server.Stop(), kClean);
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(CountBegun(&server), answered);
}

TEST(DrainBusyTest, ConnectionsOfTheirOwn) { ExpectEveryBegunCallAnswered(8, 1); }

TEST(DrainBusyTest, ManyCallsAtOnceOnOneConnection) { ExpectEveryBegunCallAnswered(1, 16); }

// Lines through the command line: replies end where the server ended, with no hole before it.
TEST(DrainBusyTest, StreamUnderLoadIsServedToItsEnd) {
  ServerProcess server;
  support::SpawnedProcess client(ClientCommand({server.path()}));
  std::string lines;
  for (int i = 0; i < 2000; ++i) absl::StrAppend(&lines, "line ", i, "\n");
  client.Write(lines);
  ASSERT_EQ(client.out().Line(0), "line 0");
  server.Signal(SIGTERM);
  client.Write("last\n");
  client.CloseInput();
  EXPECT_EQ(client.Wait(), kExitOk) << client.err().Whole();
  EXPECT_TRUE(client.out().Whole() == lines + "last\n");
  EXPECT_EQ(server.Wait(), kClean);
}

}  // namespace
}  // namespace udsecho::integration
