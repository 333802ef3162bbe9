// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --bench of any method: --call with its requests. What a server without reflection serves is told by
// --protoset here; with reflection: tests/integration/call_test.cc.

#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/echo_protoset.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class BenchMethodTest : public testing::Test {
 protected:
  BenchMethodTest() {
    server_.service.echo = [this](grpc::ServerContext* context, const v1::EchoRequest* request,
                                  v1::EchoResponse* response) {
      const std::lock_guard<std::mutex> lock(mutex_);
      ++echoed_[request->message()];
      return TestService::Reply(context, request, response);
    };
  }

  std::string File(const char* name, const std::string& text) {
    const std::string path = dir_.Path(name);
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  Ended Bench(std::vector<std::string> flags, const std::string& input = "") {
    flags.insert(flags.begin(), {path_, "--bench", "--protoset=" + protoset_});
    return RunClient(flags, input);
  }
  nlohmann::json Json(std::vector<std::string> flags, const std::string& input = "") {
    flags.insert(flags.end(), {"--json", "-c", "3"});
    const Ended ended = Bench(flags, input);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out, nullptr, false);
  }
  std::map<std::string, int> echoed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return echoed_;
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  const std::string protoset_ = File("p", EchoProtoset());
  std::mutex mutex_;
  std::map<std::string, int> echoed_;  // how often
  TestServer server_{path_};
};

TEST_F(BenchMethodTest, RequestsInTurn) {
  const nlohmann::json result =
      Json({"--call=Echo/Echo", "-d", R"({"message":"a"}{"message":"bb"} {"message":"ccc"})",
            "--count=30"});
  EXPECT_EQ(result["calls"], 30);
  EXPECT_EQ(result["method"], "/udsecho.v1.Echo/Echo");
  EXPECT_EQ(result["shape"], "unary");
  EXPECT_EQ(echoed(), (std::map<std::string, int>{{"a", 10}, {"bb", 10}, {"ccc", 10}}));
}

TEST_F(BenchMethodTest, RequestsFromAFile) {
  const std::string file = File("requests", "{\"message\":\"a\"}\n{\"message\":\"b\"}\n");
  EXPECT_EQ(Json({"--call=Echo/Echo", "-d", "@" + file, "--count=8"})["calls"], 8);
  EXPECT_EQ(echoed(), (std::map<std::string, int>{{"a", 4}, {"b", 4}}));
  EXPECT_EQ(Json({"--call=Echo/Echo", "-d@-", "--count=8"}, R"([{"message":"c"}])")["calls"], 8);
  EXPECT_EQ(echoed()["c"], 8);
}

TEST_F(BenchMethodTest, WithoutDataItIsOneThatSaysNothing) {
  EXPECT_EQ(Json({"--call=Echo/Echo", "--count=5"})["calls"], 5);
  EXPECT_EQ(echoed(), (std::map<std::string, int>{{"", 5}}));
}

TEST_F(BenchMethodTest, ThreadsShareNothing) {
  const nlohmann::json result = Json({"--call=Echo/Echo", "-d", R"({"message":"a"}{"message":"b"})",
                                      "--count=100", "--threads=2", "--connections=4"});
  EXPECT_EQ(result["calls"], 100);
  EXPECT_EQ(echoed(), (std::map<std::string, int>{{"a", 50}, {"b", 50}}));
}

TEST_F(BenchMethodTest, AStreamOfRepliesIsReadToItsEnd) {
  const nlohmann::json result =
      Json({"--call=Expand", "-d", R"({"message":"hi","count":100})", "--count=9"});
  EXPECT_EQ(result["calls"], 9);
  EXPECT_EQ(result["shape"], "server stream");
  EXPECT_TRUE(result["errors"].empty()) << result["errors"];
  EXPECT_EQ(result["messages_received"], 900);
  EXPECT_GE(result["bytes_received"], 900 * 2);
  EXPECT_GT(result["messages_received_per_second"], 50 * result["calls_per_second"].get<double>());
  EXPECT_GT(result["bytes_received_per_second"], result["messages_received_per_second"]);
  EXPECT_THAT(Bench({"--call=Expand", "-d", R"({"message":"hi","count":100})", "--count=9"}).out,
              testing::ContainsRegex("calls/s, .*/s sent, [0-9,]+ messages/s and .*/s received"));
}

TEST_F(BenchMethodTest, RepliesAreCountedWhateverTheShape) {
  for (const char* call : {"--call=Echo/Echo", "--call=Collect"}) {
    const nlohmann::json result = Json({call, "-d", R"({"message":"hi"})", "--count=9"});
    EXPECT_EQ(result["messages_received"], 9) << call;
    EXPECT_GE(result["bytes_received"], 9 * 2) << call;
  }
  EXPECT_EQ(Json({"--call=Chat", "-d", R"({"message":"a"}{"message":"b"})",
                  "--count=9"})["messages_received"],
            18);
}

TEST_F(BenchMethodTest, AStreamOfRequestsHasThemAllOrSoMany) {
  constexpr char kThree[] = R"({"message":"a"}{"message":"b"}{"message":"c"})";
  EXPECT_EQ(Json({"--call=Collect", "-d", kThree, "--count=9"})["messages_per_call"], 3);
  const nlohmann::json result =
      Json({"--call=Collect", "-d", kThree, "--count=9", "--stream_length=200"});
  EXPECT_EQ(result["messages_per_call"], 200);
  EXPECT_EQ(result["calls"], 9);
  EXPECT_EQ(result["shape"], "client stream");
  EXPECT_TRUE(result["errors"].empty()) << result["errors"];
  EXPECT_EQ(Json({"--call=Collect", "-d", "", "--count=9"})["calls"], 9);
}

// However many replies there are to a request.
TEST_F(BenchMethodTest, AStreamBothWaysIsACallEach) {
  std::atomic<int> streams = 0;
  server_.service.chat = [&](grpc::ServerContext*, TestService::Stream* stream) {
    v1::EchoRequest request;
    int messages = 0;
    while (stream->Read(&request)) ++messages;
    for (int i = 0; i < 3; ++i) stream->Write({});
    streams += messages == 2 ? 1 : 0;
    return grpc::Status::OK;
  };
  const nlohmann::json result =
      Json({"--call=Chat", "-d", R"({"message":"a"}{"message":"b"})", "--count=9"});
  EXPECT_EQ(result["calls"], 9);
  EXPECT_EQ(result["shape"], "bidi stream");
  EXPECT_EQ(streams, 9);
  server_.Stop();
}

TEST_F(BenchMethodTest, AMethodThatFailsIsNamed) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "no such key");
  };
  const Ended ended = Bench({"--call=Echo/Echo", "--count=7"});
  EXPECT_EQ(ended.exit_code, 64 + 5);
  EXPECT_THAT(ended.err, AllOf(OneLine(), HasSubstr("no such key"), HasSubstr("Echo")));
}

TEST_F(BenchMethodTest, WhatIsWrongIsSaidBeforeAnythingIsSent) {
  const auto refused = [&](std::vector<std::string> flags, int exit_code, const char* why) {
    const Ended ended = Bench(std::move(flags));
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    EXPECT_THAT(ended.err, AllOf(OneLine(), HasSubstr(why)));
    EXPECT_EQ(ended.out, "");
  };
  refused({"--call=Echo/Nothing"}, 2, "Nothing");
  refused({"--call=Echo/Echo", "-d", R"({"message":"a"}{"mess":"b"})"}, 2, "message 2 of 2");
  refused({"--call=Echo/Echo", "-d", "@" + dir_.Path("no")}, 1, "cannot open");
  refused({"--call=Echo/Echo", "-d@/dev/zero"}, 1, "more than 67108864 bytes");
  refused({"--call=Echo/Echo", "--size=10"}, 2, "--size");
  refused({"--call=Echo/Echo", "-d", std::string(1'000'001, '{')}, 2, "message 1 of 1");
  std::string many;
  for (int i = 0; i <= 1'000'000; ++i) many += "{}";
  refused({"--call=Echo/Echo", "-d@" + File("many", many)}, 2, "more than 1000000 requests");
  EXPECT_TRUE(echoed().empty());
}

}  // namespace
}  // namespace udsecho::client
