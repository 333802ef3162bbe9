// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <atomic>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BenchTest : public testing::Test {
 protected:
  Ended Bench(std::vector<std::string> flags) {
    flags.insert(flags.begin(), {path_, "--bench"});
    return RunClient(flags);
  }
  nlohmann::json Json(std::vector<std::string> flags) {
    flags.emplace_back("--json");
    return nlohmann::json::parse(Bench(flags).out, nullptr, false);
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  TestServer server_{path_};
};

TEST_F(BenchTest, EveryShapeMakesItsCalls) {
  for (const std::string shape : {"unary", "expand", "collect", "chat"}) {
    const nlohmann::json result =
        Json({"--shape=" + shape, "--count=100", "-c", "7", "--connections=3"});
    EXPECT_EQ(result["shape"], shape);
    EXPECT_EQ(result["calls"], 100) << shape;
    EXPECT_TRUE(result["errors"].empty()) << result["errors"];
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
  for (const char* text : {"calls/s", "p50", "p90", "p99 ", "p99.9 ", "p99.99", "max", "errors",
                           "none", "client CPU"}) {
    EXPECT_THAT(result.out, HasSubstr(text));
  }
  EXPECT_EQ(result.err, "") << "no progress line where nobody sees it";
}

TEST_F(BenchTest, ARateIsKept) {
  const nlohmann::json result = Json({"--rate=1000", "--count=50"});
  EXPECT_EQ(result["calls"], 50);
  EXPECT_GE(result["duration_s"], 0.049);
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
}

TEST_F(BenchTest, ErrorsAreCountedByCode) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return calls++ % 2 == 0 ? grpc::Status::OK : grpc::Status(grpc::StatusCode::ABORTED, "no");
  };
  const Ended result = Bench({"--count=10", "-c", "1"});
  EXPECT_THAT(result.out, HasSubstr("5 ABORTED"));
  EXPECT_EQ(result.exit_code, 74);
  EXPECT_THAT(result.err, OneLine());
}

TEST_F(BenchTest, ACallThatTakesTooLongIsGivenUp) {
  server_.service.echo = [](grpc::ServerContext* context, const v1::EchoRequest*,
                            v1::EchoResponse*) { return Hang(context); };
  const Ended result = Bench({"--count=2", "-c", "2", "--timeout=50ms"});
  EXPECT_THAT(result.out, HasSubstr("2 DEADLINE_EXCEEDED"));
  EXPECT_EQ(result.exit_code, 68);
}

TEST_F(BenchTest, NobodyIsThere) {
  EXPECT_EQ(RunClient({dir_.Path("nobody"), "--bench"}).exit_code, 3);
}

TEST_F(BenchTest, CtrlCEndsItWithWhatWasMeasured) {
  Interrupt interrupt;
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest* request,
                             v1::EchoResponse* response) {
    if (++calls == 100) interrupt.Trigger();
    return TestService::Reply(context, request, response);
  };
  const Ended result =
      RunClient({path_, "--bench", "--warmup=0", "--duration=inf"}, "", &interrupt);
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.out, HasSubstr("throughput"));
}

TEST_F(BenchTest, TheReportIsOnePageThatNeedsNothingElse) {
  const std::string file = dir_.Path("report.html");
  EXPECT_EQ(Bench({"--count=1000", "--report=" + file}).exit_code, 0);
  std::ifstream stream(file);
  const std::string page{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  EXPECT_THAT(page, HasSubstr("<polyline"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(page, HasSubstr("</html>"));
  EXPECT_THAT(page, Not(HasSubstr("http:")));
  EXPECT_THAT(page, Not(HasSubstr("https:")));
  EXPECT_THAT(page, Not(HasSubstr("$")));
  EXPECT_THAT(page, Not(HasSubstr("nan")));
  EXPECT_EQ(Bench({"--count=1", "--report=" + dir_.Path("no/such")}).exit_code, 1);
}

}  // namespace
}  // namespace udsecho::client
