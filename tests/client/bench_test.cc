// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --bench: what it calls, and what it measures.

#include <atomic>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/bench_bed.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

TEST_F(BenchTest, EveryShapeMakesItsCalls) {
  for (const std::string shape : {"unary", "expand", "collect", "chat"}) {
    const nlohmann::json result =
        Json({"--shape=" + shape, "--count=100", "-c", "7", "--connections=3"});
    EXPECT_EQ(result["shape"], shape);
    EXPECT_EQ(result["calls"], 100) << shape;
    EXPECT_TRUE(result["errors"].empty()) << result["errors"];
    EXPECT_EQ(result["messages_received"],
              shape == "expand" ? 100 * result["messages_per_call"].get<int>() : 100);
    EXPECT_GE(result["bytes_received"], 100 * 64) << "the message is echoed";
    EXPECT_GT(result["latency_us"]["p50"], 0);
    EXPECT_GE(result["latency_us"]["max"], result["latency_us"]["p99.99"]);
  }
}

TEST_F(BenchTest, SeveralThreads) {
  EXPECT_EQ(Json({"--count=101", "-c", "8", "--threads=3"})["calls"], 101);
}

TEST_F(BenchTest, TextHasAllThatIsAsked) {
  const Ended result = Bench({"--duration=200ms", "--warmup=20ms"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* text : {"calls/s", "p50", "p90", "p95", "p99 ", "p99.9 ", "p99.99", "max",
                           "errors", "none", "client CPU"}) {
    EXPECT_THAT(result.out, HasSubstr(text));
  }
  EXPECT_EQ(result.err, "") << "no progress line where nobody sees it";
}

TEST_F(BenchTest, ARateIsKept) {
  const nlohmann::json result = Json({"--rate=1000", "--count=50"});
  EXPECT_EQ(result["calls"], 50);
  EXPECT_GE(result["duration_s"], 0.049);
}

TEST_F(BenchTest, CallsCarryWhatWasAskedFor) {
  std::atomic<int> right = 0;
  server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest* request,
                             v1::EchoResponse* response) {
    const auto& metadata = context->client_metadata();
    const auto has = [&](const char* key, const std::string& value) {
      const auto found = metadata.find(key);
      return found != metadata.end() &&
             std::string(found->second.data(), found->second.size()) == value;
    };
    if (request->message() == "hi" && request->payload() == std::string(5000, 'p') &&
        has("name", "value") && has("raw-bin", std::string("\xff\0,", 3))) {
      ++right;
    }
    return TestService::Reply(context, request, response);
  };
  for (const char* compression : {"none", "gzip", "deflate"}) {
    right = 0;
    const nlohmann::json result =
        Json({"hi", "--payload=" + std::string(5000, 'p'), "-H", "name: value", "-H",
              "raw-bin: /wAs", std::string("--compression=") + compression, "--count=20"});
    EXPECT_EQ(result["calls"], 20) << result;
    EXPECT_EQ(right, 20) << compression;
  }
  server_.Stop();
}

TEST_F(BenchTest, LongMessagesBothWays) {
  for (const std::string shape : {"unary", "expand", "collect", "chat"}) {
    const nlohmann::json result = Json({"--shape=" + shape, "--count=20", "-c", "5",
                                        "--connections=2", "--size=1MiB", "--stream_length=4"});
    EXPECT_EQ(result["calls"], 20) << shape << result;
  }
}

TEST_F(BenchTest, MoreCallsThanTheServerTakesAtOnce) {
  EXPECT_EQ(Json({"--count=3000", "-c", "1000"})["calls"], 3000);
}

// OK would hide that there was none.
TEST_F(BenchTest, AChatThatEndsWithoutAReplyIsAnError) {
  server_.service.chat = [](grpc::ServerContext*, TestService::Stream*) {
    return grpc::Status::OK;
  };
  const nlohmann::json result = Json({"--shape=chat", "--count=5", "-c", "1"});
  EXPECT_EQ(result["errors"]["INTERNAL"], 5) << result;
}

// The second call is due while the first one holds the only place, and is timed from then.
TEST_F(BenchTest, AStallIsNotHidden) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    if (calls++ == 0) absl::SleepFor(absl::Milliseconds(200));
    return grpc::Status::OK;
  };
  const nlohmann::json result = Json({"--rate=1000", "--count=10", "-c", "1"});
  EXPECT_GT(result["latency_us"]["p50"], 150'000);
  server_.Stop();
}

TEST_F(BenchTest, ErrorsAreCountedByCode) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return calls++ % 2 == 0 ? grpc::Status::OK : grpc::Status(grpc::StatusCode::ABORTED, "no");
  };
  const Ended result = Bench({"--count=10", "-c", "1"});
  EXPECT_THAT(result.out, HasSubstr("5 ABORTED (no)"));
  EXPECT_EQ(result.exit_code, 74);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("no")));
  const nlohmann::json json = Json({"--count=10", "-c", "1"});
  EXPECT_EQ(json["errors"]["ABORTED"], 5);
  EXPECT_EQ(json["first_errors"]["ABORTED"], "no");
  server_.Stop();
}

TEST_F(BenchTest, CallsThatAreDueAndNotSentAreTold) {
  server_.service.echo = [](grpc::ServerContext* context, const v1::EchoRequest*,
                            v1::EchoResponse*) { return Hang(context); };
  const std::vector<std::string> flags = {"--rate=1000", "--duration=1s", "--warmup=0", "-c", "1"};
  const Ended text = Bench(flags);
  EXPECT_THAT(text.out, HasSubstr("999 of 1,000 calls that were due"));
  EXPECT_THAT(text.out, HasSubstr("the rate was missed"));
  EXPECT_EQ(text.exit_code, 68) << "nothing was answered";
  const nlohmann::json json = Json(flags);
  EXPECT_EQ(json["due"], 1000);
  EXPECT_EQ(json["due_and_not_sent"], 999);
  EXPECT_EQ(json["in_flight_at_the_end"], 1);
  EXPECT_TRUE(json["latency_us"].is_null());
}

TEST_F(BenchTest, ARateThatIsMissedIsToldByTheExitCode) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    absl::SleepFor(absl::Milliseconds(20));
    return grpc::Status::OK;
  };
  for (const std::string much : {"--duration=1s", "--count=100"}) {
    const Ended result = Bench({"--rate=1000", much, "--warmup=0", "-c", "1"});
    EXPECT_EQ(result.exit_code, 5) << much;
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("the rate was missed"))) << much;
    EXPECT_THAT(result.out, HasSubstr("the rate was missed")) << much;
  }
}

TEST_F(BenchTest, TextAndJsonSayTheSameOfTheClient) {
  const Ended result = Bench({"--rate=1000000", "--duration=500ms", "--warmup=0", "--json"});
  EXPECT_EQ(result.exit_code, 5);
  const nlohmann::json json = nlohmann::json::parse(result.out, nullptr, false);
  const bool client = result.err.find("the client had no time") != std::string::npos;
  EXPECT_EQ(json["client_is_the_limit"], client) << result.err;
}

TEST_F(BenchTest, ARateThatIsMissedUntilCtrlCIsMissed) {
  for (const bool json : {false, true}) {
    Interrupt interrupt;
    InterruptWhileCallsWait(&interrupt);
    std::vector<std::string> flags = {path_, "--bench",    "--rate=1000",    "-c",
                                      "1",   "--warmup=0", "--duration=inf", "--timeout=inf"};
    if (json) flags.emplace_back("--json");
    const Ended result = RunClient(flags, "", &interrupt);
    EXPECT_EQ(result.exit_code, 130);
    if (json) {
      EXPECT_TRUE(nlohmann::json::parse(result.out, nullptr, false)["rate_missed"]);
    } else {
      EXPECT_THAT(result.out, HasSubstr("the rate was missed"));
    }
  }
  server_.Stop();
}

TEST_F(BenchTest, CtrlCInTheWarmUpMissesNothing) {
  Interrupt interrupt;
  InterruptWhileCallsWait(&interrupt);
  const Ended result = RunClient(
      {path_, "--bench", "--rate=1000", "-c", "1", "--warmup=1m", "--timeout=inf", "--json"}, "",
      &interrupt);
  EXPECT_EQ(result.exit_code, 130);
  const nlohmann::json json = nlohmann::json::parse(result.out, nullptr, false);
  EXPECT_EQ(json["due"], 0);
  EXPECT_FALSE(json["rate_missed"]);
  server_.Stop();
}

// Its calls are in flight for as long as their timeout allows, and are no errors yet.

}  // namespace
}  // namespace udsecho::client
