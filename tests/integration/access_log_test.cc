// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --access_log: a line for each call, however it ends. Refused calls are told without it.

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tests/integration/calls.h"
#include "tests/integration/server_process.h"

namespace udsecho::integration {
namespace {

constexpr char kEcho[] = "/udsecho.v1.Echo/Echo";

TEST(AccessLogTest, HasALineForEachCallWhateverTheLevel) {
  ServerProcess server({.path = "", .flags = {"--access_log"}, .spawn = {}});
  const std::string path = server.path();
  const support::Finished client = RunClient({path, "12345", "--delay=20ms"});
  const nlohmann::json line = server.Event("call_ended");
  EXPECT_EQ(line["level"], "info");
  const nlohmann::json& fields = line["fields"];
  EXPECT_EQ(fields["method"], kEcho);
  EXPECT_EQ(fields["code"], "OK");
  EXPECT_EQ(fields["uid"], geteuid());
  EXPECT_EQ(fields["pid"], client.pid);
  EXPECT_EQ(fields["connection"], server.Event("connection_opened")["fields"]["connection"]);
  EXPECT_GE(fields["duration_us"], 20'000);
  EXPECT_GE(fields["bytes_received"], 7);  // the text, and its tag and length
  EXPECT_GE(fields["bytes_sent"], 7);

  EXPECT_EQ(RunClient({path, "x", "--fault=not_found"}).exit_code, 64 + 5);
  EXPECT_EQ(server.Event("call_ended", 2)["fields"]["code"], "NOT_FOUND");
  EXPECT_EQ(RunClient({path, "x", "--delay=1h", "--timeout=50ms"}).exit_code, 64 + 4);
  // The server's own deadline, or the client that leaves: who is first.
  const std::string code = server.Event("call_ended", 3)["fields"]["code"];
  EXPECT_TRUE(code == "DEADLINE_EXCEEDED" || code == "CANCELLED") << code;
}

// https://www.w3.org/TR/trace-context/
TEST(AccessLogTest, HasTheCallersTrace) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  ServerProcess server({.path = "", .flags = {"--access_log"}, .spawn = {}});
  const std::vector<std::vector<std::string>> headers = {
      {"-H", "traceparent: " + trace},
      {},
      {"-H", "traceparent: " + trace.substr(1)},
      {"-H", "traceparent: " + std::string(trace.size(), 'x')},
      {"-H", "traceparent: " + trace, "-H", "traceparent: " + trace}};
  for (const std::vector<std::string>& given : headers) {
    std::vector<std::string> arguments = {server.path(), "hi"};
    arguments.insert(arguments.end(), given.begin(), given.end());
    EXPECT_EQ(RunClient(arguments).exit_code, kExitOk);
  }
  EXPECT_EQ(server.Event("call_ended", 1)["fields"]["trace"], trace);
  for (std::size_t i = 2; i <= headers.size(); ++i) {
    EXPECT_EQ(server.Event("call_ended", i)["fields"]["trace"], "") << i;
  }
}

TEST(AccessLogTest, HasNoLevel) {
  const support::TempDir dir;
  support::SpawnedProcess server(
      ServerCommand({dir.Path("s"), "--log_format=json", "--log_level=error", "--access_log"}));
  EXPECT_EQ(RunClient({dir.Path("s"), "hi", "--wait=60s"}).out, "hi\n");
  EXPECT_EQ(ParseLogLine(server.err().Line(0))["event"], "call_ended");
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), kClean);
}

TEST(AccessLogTest, WhatIsLostIsToldAtTheEnd) {
  ServerProcess server({.path = "", .flags = {"--access_log=/dev/full"}, .spawn = {}});
  EXPECT_EQ(RunClient({server.path(), "a", "b"}).exit_code, kExitOk);
  EXPECT_EQ(server.Stop(), kClean);
  EXPECT_EQ(server.Event("access_lines_lost")["fields"]["count"], 2);
}

TEST(AccessLogTest, IsOffByDefault) {
  ServerProcess server;
  EXPECT_EQ(RunClient({server.path(), "hi"}).out, "hi\n");
  EXPECT_EQ(server.Stop(), kClean);
  for (const nlohmann::json& event : server.AllEvents()) EXPECT_NE(event["event"], "call_ended");
}

TEST(RefusedCallsTest, AreWarningsThatSayWhoAndWhy) {
  ServerProcess server({.path = "", .flags = {"--max_message=10", "--access_log"}, .spawn = {}});
  EXPECT_EQ(RunClient({server.path(), std::string(100, 'x')}).exit_code, 64 + 8);
  const nlohmann::json line = server.Event("call_refused");
  EXPECT_EQ(line["level"], "warn");
  EXPECT_EQ(line["fields"]["method"], kEcho);
  EXPECT_EQ(line["fields"]["code"], "RESOURCE_EXHAUSTED");
  EXPECT_EQ(line["fields"]["uid"], geteuid());
  EXPECT_EQ(line["fields"]["connection"],
            server.Event("connection_opened")["fields"]["connection"]);
  EXPECT_EQ(server.Event("call_ended")["fields"]["code"], "RESOURCE_EXHAUSTED");
}

// Once, although it is refused before there is a handler.
TEST(RefusedCallsTest, OfAMethodThatIsNotThere) {
  ServerProcess server({.path = "", .flags = {"--access_log"}, .spawn = {}});
  grpc::GenericStub stub(Connect(server.path()));
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::ByteBuffer response;
  grpc::Status status;
  const grpc::Slice nothing;
  auto call =
      stub.PrepareUnaryCall(&context, "/no.such/Method", grpc::ByteBuffer(&nothing, 1), &queue);
  call->StartCall();
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(server.Event("call_refused")["fields"]["method"], "/no.such/Method");
  EXPECT_EQ(server.Event("call_ended")["fields"]["code"], "UNIMPLEMENTED");
  EXPECT_EQ(server.Stop(), kClean);
  int lines = 0;
  for (const nlohmann::json& event : server.AllEvents()) {
    if (event["event"] == "call_ended") ++lines;
  }
  EXPECT_EQ(lines, 1);
}

}  // namespace
}  // namespace udsecho::integration
