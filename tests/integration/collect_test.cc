// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Collect: many messages in, one out.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

struct Collected {
  grpc::Status status;
  v1::CollectResponse response;
};

Collected Collect(const ServerProcess& server, const std::vector<v1::EchoRequest>& requests) {
  grpc::ClientContext context;
  Collected collected;
  auto stub = v1::Echo::NewStub(Connect(server.path()));
  auto writer = stub->Collect(&context, &collected.response);
  for (const v1::EchoRequest& request : requests) writer->Write(request);
  writer->WritesDone();
  collected.status = writer->Finish();
  return collected;
}

TEST(CollectTest, JoinsAndCounts) {
  ServerProcess server;
  v1::EchoRequest second = Message("zwei");
  second.set_payload("\xff");
  const Collected collected = Collect(server, {Message("eins"), second, Message("")});
  ASSERT_TRUE(collected.status.ok()) << collected.status.error_message();
  EXPECT_EQ(collected.response.message(), "einszwei");
  EXPECT_EQ(collected.response.payload(), "\xff");
  EXPECT_EQ(collected.response.count(), 3);
  EXPECT_EQ(collected.response.bytes(), 9);
  EXPECT_EQ(server.Event("message_received", 2)["fields"]["message"], "zwei");
}

TEST(CollectTest, NothingSentIsAnAnswerToo) {
  ServerProcess server;
  const Collected collected = Collect(server, {});
  EXPECT_TRUE(collected.status.ok());
  EXPECT_EQ(collected.response.count(), 0);
}

TEST(CollectTest, AnswerOverTheLimitOfOneMessage) {
  ServerProcess server;
  const v1::EchoRequest mib = Message(std::string(1 << 20, 'x'));
  const Collected fits = Collect(server, {mib, mib, mib});
  EXPECT_TRUE(fits.status.ok()) << fits.status.error_message();
  EXPECT_EQ(fits.response.message().size(), 3U << 20);
  EXPECT_EQ(Collect(server, {mib, mib, mib, mib}).status.error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Echo(Connect(server.path()), Message("still here")).status.ok());
}

TEST(CollectTest, DelayIsCheckedAndWaitedFor) {
  ServerProcess server;
  EXPECT_EQ(Collect(server, {Delayed("x", -1)}).status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(Collect(server, {Delayed("a", 30), Delayed("b", 30)}).status.ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(60));
}

TEST(CollectTest, FixedReplyTakesThePlaceOfTheText) {
  ServerProcess server({.path = "", .flags = {"--reply=fixed"}, .spawn = {}});
  const Collected collected = Collect(server, {Message("one"), Message("two")});
  EXPECT_EQ(collected.response.message(), "fixed");
  EXPECT_EQ(collected.response.bytes(), 6);
}

}  // namespace
}  // namespace udsecho::integration
