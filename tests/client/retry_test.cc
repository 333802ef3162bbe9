// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --retry: which calls are sent again, how often and when, by gRPC's channel and by --bench.

#include <atomic>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
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
using ::testing::Not;

constexpr char kPolicy[] =
    R"({"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.1s", "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE", "aborted"]})";

// All attempts of a call on a busy machine. A later --timeout wins.
constexpr char kPatient[] = "--timeout=1m";

constexpr char kPushback[] = "grpc-retry-pushback-ms";

class RetryTest : public testing::Test {
 protected:
  ~RetryTest() override { server_.Stop(); }

  // The first calls end so, and the others are answered.
  struct Refusals {
    int calls = 0;
    grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
    std::string pushback = {};
    bool with_headers = false;
  };
  void Refuse(const Refusals& refusals) {
    server_.service.echo = [this, refusals](grpc::ServerContext* context,
                                            const v1::EchoRequest* request,
                                            v1::EchoResponse* response) {
      if (context->client_metadata().contains("grpc-previous-rpc-attempts")) ++marked_;
      if (++calls_ > refusals.calls) return TestService::Reply(context, request, response);
      if (!refusals.pushback.empty()) context->AddTrailingMetadata(kPushback, refusals.pushback);
      if (refusals.with_headers) context->AddInitialMetadata("begun", "yes");
      return grpc::Status(refusals.code, "not now");
    };
    calls_ = marked_ = 0;
  }

  Ended Send(std::vector<std::string> flags, const std::string& input = "") {
    flags.insert(flags.begin(), {path_, kPatient});
    return RunClient(flags, input);
  }
  Ended Bench(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {path_, "--bench", "--warmup=0", "--json", kPatient});
    return RunClient(flags);
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  std::atomic<int> calls_ = 0;
  std::atomic<int> marked_ = 0;  // that say how many attempts there were before
  TestServer server_{path_};
};

TEST_F(RetryTest, WhatIsUnavailableIsSentAgain) {
  Refuse({.calls = 2});
  const Ended result = Send({"--retry=4", "-v", "hi"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "hi\n");
  EXPECT_EQ(calls_, 3);
  EXPECT_EQ(marked_, 2);
  EXPECT_THAT(result.err, HasSubstr("Sent again: attempt 2"));
  EXPECT_THAT(result.err, HasSubstr("Sent again: attempt 3"));
  EXPECT_THAT(result.err, Not(HasSubstr("attempt 4")));
}

TEST_F(RetryTest, WithoutThePolicyItIsNot) {
  Refuse({.calls = 1});
  EXPECT_EQ(Send({"hi"}).exit_code, 64 + 14);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, AttemptsAreCounted) {
  for (const auto& [flag, most] : {std::pair("--retry=2", 2), {"--retry=3", 3}, {"--retry=9", 5}}) {
    Refuse({.calls = 1000});
    const Ended result = Send({flag, "hi"});
    EXPECT_EQ(result.exit_code, 64 + 14);
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("not now")));
    EXPECT_EQ(calls_, most) << flag;
  }
}

TEST_F(RetryTest, OnlyTheCodesOfThePolicy) {
  const std::string policy = absl::StrCat("--retry=", kPolicy);
  Refuse({.calls = 1, .code = grpc::StatusCode::ABORTED});
  EXPECT_EQ(Send({policy, "hi"}).out, "hi\n");
  EXPECT_EQ(calls_, 2);
  Refuse({.calls = 1, .code = grpc::StatusCode::INTERNAL});
  EXPECT_EQ(Send({policy, "hi"}).exit_code, 64 + 13);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, OnceHeadersHaveComeItIsNotSentAgain) {
  Refuse({.calls = 1, .with_headers = true});
  EXPECT_EQ(Send({"--retry=4", "hi"}).exit_code, 64 + 14);
  EXPECT_EQ(calls_, 1);
  Refuse({.calls = 1, .with_headers = true});
  EXPECT_EQ(Bench({"--retry=4", "--count=1"}).exit_code, 64 + 14);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, TheServerSaysWhen) {
  // An hour by the policy, and at once by the server.
  const std::string slow =
      R"(--retry={"maxAttempts": 2, "initialBackoff": "3600s", "maxBackoff": "3600s",
                  "backoffMultiplier": 1, "retryableStatusCodes": [14]})";
  Refuse({.calls = 1, .pushback = "1"});
  EXPECT_EQ(Send({slow, "hi"}).out, "hi\n");
  Refuse({.calls = 1, .pushback = "1"});
  EXPECT_EQ(Bench({slow, "--count=1"}).exit_code, 0);
  EXPECT_EQ(calls_, 2);
}

TEST_F(RetryTest, TheServerSaysThatItIsNotToBe) {
  for (const char* no : {"-1", "soon"}) {
    Refuse({.calls = 1, .pushback = no});
    EXPECT_EQ(Send({"--retry=4", "hi"}).exit_code, 64 + 14);
    EXPECT_EQ(calls_, 1);
    Refuse({.calls = 1, .pushback = no});
    EXPECT_EQ(Bench({"--retry=4", "--count=1"}).exit_code, 64 + 14);
    EXPECT_EQ(calls_, 1);
  }
}

TEST_F(RetryTest, TheTimeoutIsThatOfAllAttempts) {
  Refuse({.calls = 1000, .pushback = "3600000"});
  const Ended sent = Send({"--retry=4", "--timeout=200ms", "hi"});
  EXPECT_EQ(sent.exit_code, 64 + 4);
  EXPECT_THAT(sent.err, testing::AllOf(OneLine(), HasSubstr("within 200ms")));
  EXPECT_EQ(calls_, 1);
  Refuse({.calls = 1000, .pushback = "3600000"});
  EXPECT_EQ(Bench({"--retry=4", "--timeout=200ms", "--count=1"}).exit_code, 64 + 4);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, AFileHasAServiceConfig) {
  const std::string file = dir_.Path("config.json");
  std::ofstream(file) << R"({"retryThrottling": {"maxTokens": 2, "tokenRatio": 0.1},
                             "methodConfig": [{"name": [{"service": "udsecho.v1.Echo"}],
                                               "waitForReady": true, "retryPolicy": )"
                      << kPolicy << "}]}";
  // After one failure, half of the tokens are gone.
  Refuse({.calls = 1});
  EXPECT_EQ(Send({"--retry=@" + file, "hi"}).exit_code, 64 + 14);
  EXPECT_EQ(calls_, 1);
  Refuse({.calls = 1});
  EXPECT_EQ(Bench({"--retry=@" + file, "--count=1"}).exit_code, 64 + 14);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RetryTest, AFileThatIsNoPolicy) {
  EXPECT_EQ(Send({"--retry=@" + dir_.Path("none"), "hi"}).exit_code, 1);
  const std::string file = dir_.Path("config.json");
  std::ofstream(file) << R"({"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 1}}]})";
  const Ended result = Send({"--retry=@" + file, "hi"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr(file), HasSubstr("maxAttempts")));
  EXPECT_EQ(calls_, 0);
}

TEST_F(RetryTest, StandardInputIsACallForEachLine) {
  Refuse({.calls = 2});
  const Ended result = Send({"--retry=4"}, "a\nb\nc\n");
  EXPECT_EQ(result.out, "a\nb\nc\n") << result.err;
  EXPECT_EQ(calls_, 5);
}

TEST_F(RetryTest, ConcurrentCallsKeepTheirOrder) {
  Refuse({.calls = 3});
  std::string lines;
  for (int i = 0; i < 100; ++i) absl::StrAppend(&lines, i, "\n");
  const Ended result = Send({"--retry=5", "-c", "8"}, lines);
  EXPECT_EQ(result.out, lines) << result.err;
  EXPECT_EQ(calls_, 103);
}

TEST_F(RetryTest, APingCountsWhatWasSentAgain) {
  Refuse({.calls = 2});
  const Ended text = Send({"--retry=4", "--interval=1ms", "--count=5", "hi"});
  EXPECT_THAT(text.out, HasSubstr("5 sent, 5 received, 2 sent again, 0% lost"));
  Refuse({.calls = 2});
  const Ended json = Send({"--retry=4", "--interval=1ms", "--count=5", "--json", "hi"});
  const std::vector<std::string> lines = absl::StrSplit(json.out, '\n', absl::SkipEmpty());
  const auto last = nlohmann::json::parse(lines.back(), nullptr, false);
  EXPECT_EQ(last["statistics"]["sent_again"], 2) << json.out;
}

TEST_F(RetryTest, LongMessagesToo) {
  Refuse({.calls = 1});
  const std::string line(2'000'000, 'x');  // more than gRPC keeps by itself
  EXPECT_EQ(Send({"--retry=4"}, line).out, line + "\n");
  EXPECT_EQ(calls_, 2);
}

TEST_F(RetryTest, AHost) {
  Refuse({.calls = 1});
  EXPECT_EQ(RunClient({server_.host_and_port(), "--retry=4", "hi"}).out, "hi\n");
  EXPECT_EQ(calls_, 2);
}

TEST_F(RetryTest, ABenchSendsAgain) {
  // No call can fail four times.
  Refuse({.calls = 6});
  const Ended result = Bench({"--retry=5", "--count=50", "-c", "4"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const auto json = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_EQ(json["calls"], 50);
  EXPECT_EQ(json["sent_again"], 6);
  EXPECT_THAT(json["errors"], IsEmpty());
  EXPECT_EQ(calls_, 56);
  EXPECT_EQ(marked_, 6);
}

TEST_F(RetryTest, ABenchEndsItsAttempts) {
  Refuse({.calls = 1000});
  const Ended result = Bench({absl::StrCat("--retry=", kPolicy), "--count=3", "-c", "1"});
  EXPECT_EQ(result.exit_code, 64 + 14);
  EXPECT_EQ(calls_, 12);
  const auto json = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_EQ(json["errors"]["UNAVAILABLE"], 3);
  EXPECT_EQ(json["sent_again"], 9);
}

TEST_F(RetryTest, ABenchOfAnotherMethodThanThePolicysIsRefused) {
  const Ended result = Bench(
      {absl::StrCat(R"(--retry={"methodConfig": [{"name": [{"service": "a.B"}], "retryPolicy": )",
                    kPolicy, "}]}")});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("/udsecho.v1.Echo/Echo")));
}

TEST(RetryWithoutServerTest, ACallWaitsForAConnectionUntilItsTimeout) {
  const support::TempDir dir;
  const Ended result = RunClient({dir.Path("s"), "--retry=4", "--timeout=200ms", "hi"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("no such file")));
}

TEST(RetryWithoutServerTest, OrWithoutWaitForReadySpendsItsAttempts) {
  const support::TempDir dir;
  const Ended result =
      RunClient({dir.Path("s"), absl::StrCat("--retry=", kPolicy), "--timeout=10m", "hi"});
  EXPECT_EQ(result.exit_code, 64 + 14);
  EXPECT_THAT(result.err, OneLine());
}

}  // namespace
}  // namespace udsecho::client
