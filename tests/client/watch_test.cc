// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --health --watch, of a server that does as the test says. Each ends by a refusal, which is no answer to wait
// for; Ctrl-C and servers that come and go: tests/integration/watch_test.cc.

#include <atomic>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/run_client.h"
#include "tests/support/temp_dir.h"

namespace udsecho::client {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class WatchedHealth final : public grpc::health::v1::Health::Service {
 public:
  using Writer = grpc::ServerWriter<HealthCheckResponse>;

  std::atomic<int> watches = 0;
  // Of the nth watch, from 1.
  std::function<grpc::Status(int, grpc::ServerContext*, Writer*)> watch;
  std::string service;  // that was last asked for

  grpc::Status Watch(grpc::ServerContext* context, const HealthCheckRequest* request,
                     Writer* writer) override {
    service = request->service();
    return watch(++watches, context, writer);
  }
};

const grpc::Status kRefused(grpc::StatusCode::PERMISSION_DENIED, "enough");

void Say(HealthCheckResponse::ServingStatus status, WatchedHealth::Writer* writer) {
  HealthCheckResponse response;
  response.set_status(status);
  writer->Write(response);
}

class WatchTest : public testing::Test {
 protected:
  WatchTest() { grpc_init(); }  // never shut down: see TestServer

  Ended Watch(std::vector<std::string> flags) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&health_);
    builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    flags.insert(flags.begin(), {path_, "--watch"});
    return RunClient(flags);
  }

  // What --json says, a state a line.
  static std::vector<std::string> States(const std::string& out) {
    std::vector<std::string> states;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      const auto json = nlohmann::json::parse(line, nullptr, false);
      states.push_back(json.value("status", line));
      EXPECT_THAT(json.value("time", ""), MatchesRegex("....-..-..T..:..:..[.]...Z"));
      EXPECT_EQ(json.contains("error"), states.back() == "UNREACHABLE") << line;
    }
    return states;
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  WatchedHealth health_;
};

TEST_F(WatchTest, ALineForEachChange) {
  health_.watch = [](int, grpc::ServerContext*, WatchedHealth::Writer* writer) {
    Say(HealthCheckResponse::NOT_SERVING, writer);
    Say(HealthCheckResponse::SERVING, writer);
    Say(HealthCheckResponse::SERVING, writer);
    Say(HealthCheckResponse::SERVICE_UNKNOWN, writer);
    return kRefused;
  };
  const Ended text = Watch({"--health=a.b"});
  EXPECT_THAT(text.out, MatchesRegex("....-..-.. ..:..:.. NOT_SERVING\n"
                                     "....-..-.. ..:..:.. SERVING\n"
                                     "....-..-.. ..:..:.. SERVICE_UNKNOWN\n"));
  EXPECT_THAT(text.err, AllOf(OneLine(), HasSubstr("PERMISSION_DENIED: enough")));
  EXPECT_EQ(text.exit_code, 64 + 7);
  EXPECT_EQ(health_.service, "a.b");
  EXPECT_THAT(States(Watch({"--health", "--json"}).out),
              ElementsAre("NOT_SERVING", "SERVING", "SERVICE_UNKNOWN"));
}

TEST_F(WatchTest, AWatchThatEndsIsToldAndMadeAgain) {
  health_.watch = [](int number, grpc::ServerContext*, WatchedHealth::Writer* writer) {
    if (number == 4) return kRefused;
    Say(HealthCheckResponse::SERVING, writer);
    if (number == 1) return grpc::Status::OK;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going \x1b[2J away");
  };
  const Ended json = Watch({"--health", "--json"});
  EXPECT_THAT(States(json.out), ElementsAre("SERVING", "UNREACHABLE", "SERVING", "UNREACHABLE",
                                            "SERVING", "UNREACHABLE"));
  EXPECT_THAT(json.out, HasSubstr(R"("error":"going \\x1b[2J away")"));
}

// Some servers end the call, which by the protocol they should not.
TEST_F(WatchTest, NotFoundIsAServiceThatIsNotKnown) {
  health_.watch = [](int number, grpc::ServerContext*, WatchedHealth::Writer*) {
    return number < 3 ? grpc::Status(grpc::StatusCode::NOT_FOUND, "") : kRefused;
  };
  EXPECT_THAT(States(Watch({"--health=x", "--json"}).out), ElementsAre("SERVICE_UNKNOWN"));
}

TEST_F(WatchTest, AServerThatNeverAnsweredIsAnError) {
  health_.watch = [](int, grpc::ServerContext*, WatchedHealth::Writer*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "not here");
  };
  const Ended ended = Watch({"--health"});
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.exit_code, 64 + 14);
  EXPECT_THAT(ended.err, AllOf(OneLine(), HasSubstr("not here")));
  EXPECT_EQ(health_.watches, 1);
}

TEST_F(WatchTest, TheTimeoutIsForTheFirstAnswer) {
  health_.watch = [](int, grpc::ServerContext* context, WatchedHealth::Writer*) {
    while (!context->IsCancelled()) {
      const timespec pause = {0, 1'000'000};  // the sync API offers nothing to wait for
      nanosleep(&pause, nullptr);
    }
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(Watch({"--health", "--timeout=50ms"}).exit_code, 64 + 4);
}

TEST_F(WatchTest, WithoutWatchItSaysSo) {
  health_.watch = [](int, grpc::ServerContext*, WatchedHealth::Writer*) {
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "");
  };
  EXPECT_EQ(Watch({"--health"}).exit_code, 64 + 12);
}

TEST_F(WatchTest, VerboseTellsOfEachWatch) {
  health_.watch = [](int number, grpc::ServerContext*, WatchedHealth::Writer* writer) {
    if (number == 2) return kRefused;
    Say(HealthCheckResponse::SERVING, writer);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "");
  };
  const Ended ended = Watch({"--health", "-v"});
  EXPECT_THAT(ended.err, HasSubstr("INFO  Calling grpc.health.v1.Health/Watch\n"));
  EXPECT_THAT(ended.err, HasSubstr("INFO  Ended: UNAVAILABLE after "));
  EXPECT_THAT(ended.err, HasSubstr("INFO  Connected again after "));
}

}  // namespace
}  // namespace udsecho::client
