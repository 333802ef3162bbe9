// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Several clients at once: none waits for another.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"
#include "tests/integration/stuck_reader.h"

namespace udsecho::integration {
namespace {

// Many, one after the other, over connections of their own: one that is held up shows.
void ExpectServed(const ServerProcess& server) {
  for (int i = 0; i < 5; ++i) {
    const support::Finished client = RunClient({server.path(), "a", "b"});
    EXPECT_EQ(client.exit_code, kExitOk) << client.err;
    EXPECT_EQ(client.out, "a\nb\n");
  }
}

TEST(ConcurrencyTest, TwoClientsTakeTurns) {
  ServerProcess server;
  support::SpawnedProcess first(ClientCommand({server.path()}));
  support::SpawnedProcess second(ClientCommand({server.path()}));
  for (int i = 0; i < 100; ++i) {
    first.Write(absl::StrCat("first ", i, "\n"));
    second.Write(absl::StrCat("second ", i, "\n"));
    ASSERT_EQ(second.out().Line(i), absl::StrCat("second ", i));
    ASSERT_EQ(first.out().Line(i), absl::StrCat("first ", i));
  }
  first.CloseInput();
  EXPECT_EQ(first.Wait(), kExitOk);
  second.Write("still here\n");
  EXPECT_EQ(second.out().Line(100), "still here");
}

TEST(ConcurrencyTest, ManyClientsGetTheirOwnReplies) {
  ServerProcess server;
  std::vector<std::thread> clients;
  clients.reserve(8);
  for (int id = 0; id < 8; ++id) {
    clients.emplace_back([id, &server] {
      std::string lines;
      for (int i = 0; i < 500; ++i) absl::StrAppend(&lines, "client ", id, " line ", i, "\n");
      const support::Finished client = RunClient({server.path(), "--timeout=1m"}, lines);
      EXPECT_EQ(client.exit_code, kExitOk) << client.err;
      EXPECT_TRUE(client.out == lines) << "client " << id;
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST(ConcurrencyTest, DelayedCallHoldsUpNobody) {
  ServerProcess server;
  std::future<Answer> slow =
      std::async(std::launch::async, Echo, Connect(server.path()), Delayed("slow", 50'000));
  server.Event("message_received");
  ExpectServed(server);
  EXPECT_EQ(slow.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  server.Signal(SIGKILL);  // or the test would last as long as the delay
}

TEST(ConcurrencyTest, DelayedCallHoldsUpNobodyOnItsOwnConnection) {
  ServerProcess server;
  const std::shared_ptr<grpc::Channel> channel = Connect(server.path());
  std::future<Answer> slow = std::async(std::launch::async, Echo, channel, Delayed("slow", 50'000));
  server.Event("message_received");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(Echo(channel, Message("quick")).status.ok());
  EXPECT_EQ(slow.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  server.Signal(SIGKILL);
}

TEST(ConcurrencyTest, ClientThatNeverReadsHoldsUpNobody) {
  ServerProcess server;
  StuckReader stuck(server.path());
  ASSERT_TRUE(stuck.SendUntilHeldBack());
  ExpectServed(server);
}

TEST(ConcurrencyTest, StoppedClientHoldsUpNobody) {
  ServerProcess server;
  support::SpawnedProcess stopped(ClientCommand({server.path()}));
  stopped.Write("one\n");
  ASSERT_EQ(stopped.out().Line(0), "one");
  stopped.Signal(SIGSTOP);
  ExpectServed(server);
  stopped.Signal(SIGCONT);
  stopped.Write("two\n");
  EXPECT_EQ(stopped.out().Line(1), "two");
}

}  // namespace
}  // namespace udsecho::integration
