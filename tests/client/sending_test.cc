// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that say what is sent and how replies are shown.

#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

using Echo =
    std::function<grpc::Status(grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*)>;

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

nlohmann::json LineOf(const std::string& out, size_t index) {
  const std::vector<std::string> lines = absl::StrSplit(out, '\n');
  return nlohmann::json::parse(lines.at(index), nullptr, false);
}

class SendingTest : public testing::Test {
 protected:
  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  TestServer server_{path_};
};

TEST_F(SendingTest, ShapesOfMessages) {
  EXPECT_EQ(RunClient({path_, "--shape=unary", "a", "b"}).out, "a\nb\n");
  EXPECT_EQ(RunClient({path_, "--shape=chat", "a\nb", "c"}).out, "a\nb\nc\n");
  EXPECT_EQ(RunClient({path_, "--shape=collect", "a", "b"}).out, "ab\n");
  EXPECT_EQ(RunClient({path_, "--shape=expand", "--count=3", "a"}).out, "a\na\na\n");
}

TEST_F(SendingTest, ShapesOfStandardInput) {
  EXPECT_EQ(RunClient({path_, "--shape=unary"}, "a\nb").out, "a\nb\n");
  EXPECT_EQ(RunClient({path_, "--shape=collect"}, "a\nb\n").out, "ab\n");
  EXPECT_EQ(RunClient({path_, "--shape=expand", "--count=2"}, "a\nb\n").out, "a\na\nb\nb\n");
}

TEST_F(SendingTest, CountRepeats) {
  EXPECT_EQ(RunClient({path_, "a", "b", "--count=2"}).out, "a\nb\na\nb\n");
  EXPECT_EQ(RunClient({path_, "--count=2"}, "a\nb\n").out, "a\na\nb\nb\n");
}

TEST_F(SendingTest, ALineThatIsNotUtf8EndsEveryShape) {
  EXPECT_EQ(RunClient({path_, "--shape=unary"}, "a\n\xff\n").exit_code, 2);
  EXPECT_EQ(RunClient({path_, "--shape=unary"}, "a\n\xff\n").out, "a\n");
  const Ended collect = RunClient({path_, "--shape=collect"}, "a\n\xff\n");
  EXPECT_EQ(collect.exit_code, 2);
  EXPECT_THAT(collect.out, IsEmpty());
}

TEST_F(SendingTest, IntervalIsAPing) {
  for (const char* shape : {"--shape=unary", "--shape=chat"}) {
    const Ended result = RunClient({path_, shape, "hello", "--interval=0.001", "--count=3"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.out, MatchesRegex("(5 bytes from [^\n]* time=[0-9.]+ ms\n)+--- [^\n]*\n3 "
                                         "sent, 3 received, 0% lost[^\n]*\nround trip "
                                         "min/avg/max/mdev = [^\n]* p50/p90/p99 = [^\n]*\n"));
  }
}

TEST_F(SendingTest, APingGoesOnWhenACallFails) {
  std::atomic<int> calls = 0;
  server_.service.echo = Echo([&](auto* context, auto* request, auto* response) {
    if (++calls == 2) return grpc::Status(grpc::StatusCode::ABORTED, "not you");
    return TestService::Reply(context, request, response);
  });
  const Ended result = RunClient({path_, "x", "--interval=0.001", "--count=3"});
  EXPECT_THAT(result.out, HasSubstr("seq=2 ABORTED: not you"));
  EXPECT_THAT(result.out, HasSubstr("3 sent, 2 received"));
  EXPECT_EQ(result.exit_code, 64 + 10);
  server_.Stop();
}

TEST_F(SendingTest, ALossIsOneObject) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    stream->Read(&request);
    return grpc::Status(grpc::StatusCode::ABORTED, "not you");
  };
  const Ended result =
      RunClient({path_, "x", "--shape=chat", "--interval=0.001", "--count=2", "--json"});
  int64_t seq = 0;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json object = nlohmann::json::parse(line);
    if (!object.contains("status")) continue;
    EXPECT_EQ(object["seq"], ++seq) << line;
  }
  EXPECT_EQ(seq, 2) << result.out;
}

TEST_F(SendingTest, CtrlCEndsAPingWithItsStatistics) {
  Interrupt interrupt;
  std::atomic<int> calls = 0;
  server_.service.echo = Echo([&](auto* context, auto* request, auto* response) {
    if (++calls == 2) interrupt.Trigger();
    return TestService::Reply(context, request, response);
  });
  const Ended result = RunClient({path_, "x", "--interval=0.001"}, "", &interrupt);
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.out, HasSubstr(" received"));
  EXPECT_THAT(result.err, IsEmpty());
  server_.Stop();
}

TEST_F(SendingTest, CtrlCEndsAServerThatHangs) {
  for (const char* shape : {"--shape=unary", "--shape=chat"}) {
    Interrupt interrupt;
    server_.service.echo = Echo([&](auto* context, auto*, auto*) {
      interrupt.Trigger();
      return Hang(context);
    });
    server_.service.chat = [&](grpc::ServerContext* context, TestService::Stream*) {
      interrupt.Trigger();
      return Hang(context);
    };
    EXPECT_EQ(RunClient({path_, shape, "x", "--timeout=inf"}, "", &interrupt).exit_code, 130);
  }
  server_.Stop();
}

TEST_F(SendingTest, PayloadGoesThereAndBack) {
  const std::string bytes("a\0\n\xff", 4);
  std::ofstream(dir_.Path("in"), std::ios::binary) << bytes;
  const Ended result =
      RunClient({path_, "--payload=@" + dir_.Path("in"), "--output=" + dir_.Path("out")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(FileText(dir_.Path("out")), bytes);
  EXPECT_EQ(RunClient({path_, "--payload=@-", "--output=-"}, bytes).out, bytes);
  EXPECT_EQ(RunClient({path_, "--payload=xyz"}).out, "payload: 3 bytes\n");
}

TEST_F(SendingTest, FilesThatAreNotThereAreNamed) {
  const Ended in = RunClient({path_, "--payload=@" + dir_.Path("missing")});
  EXPECT_EQ(in.exit_code, 1);
  EXPECT_THAT(in.err, testing::AllOf(OneLine(), HasSubstr("missing")));
  const Ended out = RunClient({path_, "x", "--output=" + dir_.Path("no/such")});
  EXPECT_EQ(out.exit_code, 1);
  EXPECT_THAT(out.err, testing::AllOf(OneLine(), HasSubstr("no/such")));
}

TEST_F(SendingTest, WhatIsAskedOfTheServerArrives) {
  std::promise<v1::EchoRequest> arrived;
  std::promise<std::string> metadata;
  server_.service.echo = Echo([&](auto* context, auto* request, auto*) {
    const auto found = context->client_metadata().find("k-bin");
    metadata.set_value(found == context->client_metadata().end()
                           ? std::string()
                           : std::string(found->second.data(), found->second.size()));
    arrived.set_value(*request);
    return grpc::Status::OK;
  });
  RunClient({path_, "x", "--delay=1.5", "--fault=not_found:gone", "-H",
             "K-bin:AAE=", "--compression=gzip"});
  const v1::EchoRequest seen = arrived.get_future().get();
  EXPECT_EQ(seen.delay().seconds(), 1);
  EXPECT_EQ(seen.delay().nanos(), 500'000'000);
  EXPECT_EQ(seen.fault().code(), 5);
  EXPECT_EQ(seen.fault().message(), "gone");
  EXPECT_EQ(metadata.get_future().get(), std::string("\0\1", 2));
  server_.Stop();
}

TEST_F(SendingTest, AStreamHasOneFault) {
  std::atomic<int> faults = 0;
  server_.service.chat = [&](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    while (stream->Read(&request)) {
      if (request.has_fault()) faults += request.fault().after_messages();
      stream->Write({});
    }
    return grpc::Status::OK;
  };
  RunClient({path_, "--shape=chat", "a", "b", "c", "--fault=aborted", "--fault_after=2"});
  EXPECT_EQ(faults, 2);
  server_.Stop();
}

TEST_F(SendingTest, JsonTellsAllOfACall) {
  server_.service.echo = Echo([](auto* context, auto*, auto* response) {
    context->AddInitialMetadata("first", "1");
    context->AddTrailingMetadata("last-bin", std::string("\0\1", 2));
    response->set_message("hi\n\"");
    return grpc::Status::OK;
  });
  const nlohmann::json line = LineOf(RunClient({path_, "x", "--json"}).out, 0);
  EXPECT_EQ(line["message"], "hi\n\"");
  EXPECT_GT(line["round_trip_us"], 0);
  EXPECT_EQ(line["headers"]["first"][0], "1");
  EXPECT_EQ(line["trailers"]["last-bin"][0], "AAE=");
  EXPECT_EQ(line["status"]["name"], "OK");
}

TEST_F(SendingTest, JsonTellsOfErrorsWithTheirDetails) {
  server_.service.echo = Echo([](auto*, auto*, auto*) {
    v1::Fault rich;
    rich.set_code(5);
    rich.set_message("gone");
    rich.add_details()->set_type_url("type.googleapis.com/x.Y");
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", rich.SerializeAsString());
  });
  const Ended result = RunClient({path_, "x", "--json"});
  EXPECT_EQ(result.exit_code, 69);
  const nlohmann::json line = LineOf(result.out, 0);
  EXPECT_FALSE(line.contains("message"));
  EXPECT_EQ(line["status"]["code"], 5);
  EXPECT_EQ(line["status"]["message"], "gone");
  EXPECT_EQ(line["status"]["details"][0]["type"], "type.googleapis.com/x.Y");
}

// A line stays JSON, and UTF-8, whatever the server says.
TEST_F(SendingTest, JsonOfBytesThatAreNotUtf8) {
  server_.service.echo = Echo([](auto* context, auto*, auto* response) {
    context->AddTrailingMetadata("last-bin", "\xff\xfe");
    response->set_message("caf\xc3\xa9");
    response->set_payload(std::string("\0\xff\x80", 3));
    return grpc::Status::OK;
  });
  const nlohmann::json answer = LineOf(RunClient({path_, "x", "--json"}).out, 0);
  EXPECT_EQ(answer["message"], "caf\xc3\xa9");
  EXPECT_EQ(answer["payload"], "AP+A");
  EXPECT_EQ(answer["trailers"]["last-bin"][0], "//4=");

  server_.service.echo = Echo([](auto*, auto*, auto*) {
    v1::Fault rich;
    rich.add_details()->set_value("\xff");
    return grpc::Status(grpc::StatusCode::ABORTED,
                        "a\xff"
                        "b",
                        rich.SerializeAsString());
  });
  const nlohmann::json fault = LineOf(RunClient({path_, "x", "--json"}).out, 0);
  EXPECT_EQ(fault["status"]["message"],
            "a\xef\xbf\xbd"
            "b");  // U+FFFD
  EXPECT_EQ(fault["status"]["details"][0]["value"], "/w==");
}

TEST_F(SendingTest, JsonOfAStreamEndsWithTheCall) {
  const std::string out = RunClient({path_, "--json"}, "a\nb\n").out;
  EXPECT_EQ(LineOf(out, 0)["message"], "a");
  EXPECT_EQ(LineOf(out, 1)["message"], "b");
  EXPECT_EQ(LineOf(out, 2)["status"]["code"], 0);
}

TEST_F(SendingTest, HostAndPort) {
  EXPECT_EQ(RunClient({server_.host_and_port(), "x"}).out, "x\n");
  const Ended nobody = RunClient({"localhost:1", "x"});
  EXPECT_EQ(nobody.exit_code, 3);
  EXPECT_THAT(nobody.err, testing::AllOf(OneLine(), HasSubstr("localhost:1")));
}

TEST_F(SendingTest, WaitsForTheServer) {
  const std::string later = dir_.Path("later");
  const Ended in_vain = RunClient({later, "x", "--wait=30ms"});
  EXPECT_EQ(in_vain.exit_code, 3);
  std::unique_ptr<TestServer> server;
  std::thread starter([&] { server = std::make_unique<TestServer>(later); });
  EXPECT_EQ(RunClient({later, "x", "--wait"}).out, "x\n");
  starter.join();
}

TEST_F(SendingTest, WhoAmI) {
  server_.service.who_am_i = [](grpc::ServerContext*, const v1::WhoAmIRequest*,
                                v1::WhoAmIResponse* response) {
    response->set_uid(4711);
    response->set_authority("evil\n");
    return grpc::Status::OK;
  };
  const Ended text = RunClient({path_, "--whoami"});
  EXPECT_THAT(text.out, HasSubstr("4711"));
  EXPECT_THAT(text.out, HasSubstr("evil\\x0a"));
  EXPECT_EQ(LineOf(RunClient({path_, "--whoami", "--json"}).out, 0)["uid"], 4711);
}

TEST_F(SendingTest, Admin) {
  server_.admin.connections = [](grpc::ServerContext*, const v1::ConnectionsRequest*,
                                 v1::ConnectionsResponse* response) {
    v1::Connection* connection = response->add_connections();
    connection->set_uid(4711);
    connection->set_user("some\nbody");
    connection->set_command("cmd");
    connection->set_bytes_sent(1'234'567);
    return grpc::Status::OK;
  };
  const std::string table = RunClient({path_, "--connections"}).out;
  for (const char* text : {"SINCE", "UID", "USER", "PID", "COMMAND", "CALLS", "4711",
                           "some\\x0abody", "cmd", "1.2 MB"}) {
    EXPECT_THAT(table, HasSubstr(text));
  }
  EXPECT_THAT(RunClient({path_, "--stats"}).out, HasSubstr("12345"));
  const nlohmann::json connections = LineOf(RunClient({path_, "--connections", "--json"}).out, 0);
  EXPECT_EQ(connections["connections"][0]["bytes_sent"], 1'234'567) << connections;
  EXPECT_EQ(connections["connections"][0]["uid"], 4711) << connections;
  const nlohmann::json stats = LineOf(RunClient({path_, "--stats", "--json"}).out, 0);
  EXPECT_TRUE(stats["calls_begun"].is_number()) << stats;
  EXPECT_TRUE(stats["version"].is_string()) << stats;
  EXPECT_EQ(RunClient({path_, "--shutdown=7s"}).exit_code, 0);
  EXPECT_EQ(server_.admin.grace_seconds, 7);
}

TEST_F(SendingTest, WhatIsNotServedIsSaidSo) {
  for (const char* flag : {"--health", "--list"}) {
    const Ended result = RunClient({path_, flag});
    EXPECT_EQ(result.exit_code, 64 + 12);
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("UNIMPLEMENTED")));
  }
}

}  // namespace
}  // namespace udsecho::client
