// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --bench: servers that fail, hang or go, and Ctrl-C.

#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/bench_bed.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

using BenchEndTest = BenchTest;

TEST_F(BenchEndTest, AStatusOfTheServerIsNoLostConnection) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "oops");
  };
  const Ended result = Bench({"--count=10", "-c", "1"});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), testing::EndsWith("oops\n")));
}

// One call is under way for the whole time, and no other has a place.
TEST_F(BenchEndTest, AServerThatHangsIsNoSuccess) {
  for (const char* loop : {"--concurrency=4", "--rate=20"}) {
    HangAfter(5);
    const Ended result = Bench({loop, "--warmup=0", "--duration=3s", "--timeout=1m", "--json"});
    EXPECT_EQ(result.exit_code, 68) << result.err;
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("no call was answered")));
    const nlohmann::json json = nlohmann::json::parse(result.out, nullptr, false);
    EXPECT_TRUE(json["server_is_silent"]);
    EXPECT_GE(json["unanswered_at_the_end_s"], 1.0);
    EXPECT_LE(json["unanswered_at_the_end_s"], json["duration_s"]);
  }
}

// A server at a path of its own, which leaves gracefully once there was a call.
class LeavingServer {
 public:
  explicit LeavingServer(std::string path) : path_(std::move(path)) {
    server_->service.echo = [this](grpc::ServerContext* context, const v1::EchoRequest* request,
                                   v1::EchoResponse* response) {
      called_.store(true);
      called_.notify_all();
      return TestService::Reply(context, request, response);
    };
  }
  ~LeavingServer() { thread_.join(); }
  LeavingServer(const LeavingServer&) = delete;
  LeavingServer& operator=(const LeavingServer&) = delete;

  // `on_return`: what each call of the next server does.
  void ComeBackAfter(absl::Duration time, std::function<void()> on_return) {
    comes_back_after_ = time;
    on_return_ = std::move(on_return);
  }
  void Start() {
    thread_ = std::thread([this] {
      called_.wait(false);
      server_->Leave();
      if (!on_return_) return;
      absl::SleepFor(comes_back_after_);  // the outage
      server_ = std::make_unique<TestServer>(path_);
      server_->service.echo = [this](grpc::ServerContext*, const v1::EchoRequest*,
                                     v1::EchoResponse*) {
        on_return_();
        return grpc::Status::OK;
      };
    });
  }

 private:
  const std::string path_;
  std::unique_ptr<TestServer> server_ = std::make_unique<TestServer>(path_);
  std::atomic<bool> called_ = false;
  absl::Duration comes_back_after_;
  std::function<void()> on_return_;
  std::thread thread_;
};

// gRPC's server may cancel calls that reach it while it leaves: those do not count, or are allowed.
// Without errors: tests/integration/client_robustness_test.cc.
TEST_F(BenchEndTest, AServerThatIsGoneAtTheEndIsNoSuccess) {
  const auto gone = [](const std::vector<std::string>& flags) {
    const support::TempDir dir;
    LeavingServer server(dir.Path("s"));
    server.Start();
    std::vector<std::string> all = {dir.Path("s"), "--bench", "--json"};
    all.insert(all.end(), flags.begin(), flags.end());
    const Ended ended = RunClient(all);
    EXPECT_THAT(ended.err, OneLine());
    const nlohmann::json json = nlohmann::json::parse(ended.out, nullptr, false);
    EXPECT_THAT(json["notes"].dump(), HasSubstr("there was no connection"));
    EXPECT_GT(json["disconnected_at_the_end_s"], 0);
    EXPECT_GE(json["disconnected_s"], json["disconnected_at_the_end_s"]);
    EXPECT_LE(json["disconnected_s"], json["duration_s"]);
    for (const auto& verdict : json["fail_if"]) EXPECT_TRUE(verdict["failed"]);
    return ended.exit_code;
  };
  EXPECT_EQ(gone({"--concurrency=2", "--warmup=2s", "--duration=300ms"}), 78);
  EXPECT_EQ(gone({"--rate=100", "--warmup=2s", "--duration=300ms"}), 78);
  EXPECT_EQ(gone({"--fail_if=errors>0%", "--warmup=2s", "--duration=300ms"}), 6);
  EXPECT_EQ(gone({"--fail_if=errors>90%", "--warmup=0", "--duration=1s"}), 6);
}

TEST_F(BenchEndTest, AnOutageInTheMiddleIsTold) {
  constexpr absl::Duration kOutage = absl::Milliseconds(300);
  for (const char* loop : {"--concurrency=2", "--rate=100"}) {
    const support::TempDir dir;
    Interrupt interrupt;
    LeavingServer server(dir.Path("s"));
    server.ComeBackAfter(kOutage, [&] { interrupt.Trigger(); });
    server.Start();
    const Ended ended = RunClient({dir.Path("s"), "--bench", loop, "--duration=inf", "--warmup=0",
                                   "--json", "--fail_if=disconnected>200ms,disconnected>10m"},
                                  "", &interrupt);
    EXPECT_EQ(ended.exit_code, 130);
    const nlohmann::json json = nlohmann::json::parse(ended.out, nullptr, false);
    EXPECT_GE(json["disconnected_s"], absl::ToDoubleSeconds(kOutage));
    EXPECT_EQ(json["disconnected_at_the_end_s"], 0);
    EXPECT_THAT(json["notes"].dump(), HasSubstr("in all there was no connection"));
    EXPECT_TRUE(json["fail_if"][0]["failed"]);
    EXPECT_FALSE(json["fail_if"][1]["failed"]);
  }
}

TEST_F(BenchEndTest, NoCallIsNoSuccess) {
  std::vector<std::string> flags = {"--rate=1", "--warmup=500ms", "--duration=100ms"};
  const Ended ended = Bench(flags);
  EXPECT_EQ(ended.exit_code, 78);
  EXPECT_THAT(ended.err, testing::AllOf(OneLine(), HasSubstr("none was due")));
  flags.emplace_back("--fail_if=errors>0%");
  EXPECT_EQ(Bench(flags).exit_code, 6);
}

TEST_F(BenchEndTest, ADelayThatWasAskedForIsNoHang) {
  HangAfter(5);
  const Ended result =
      Bench({"-c", "4", "--warmup=0", "--duration=1500ms", "--timeout=1m", "--delay=1m", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(nlohmann::json::parse(result.out, nullptr, false)["server_is_silent"]);
}

class BenchCtrlCTest : public BenchEndTest,
                       public testing::WithParamInterface<std::tuple<const char*, const char*>> {};

INSTANTIATE_TEST_SUITE_P(LoopsAndShapes, BenchCtrlCTest,
                         testing::Combine(testing::Values("--concurrency=3", "--rate=100"),
                                          testing::Values("--shape=unary", "--shape=chat")));

TEST_P(BenchCtrlCTest, EndsItWhateverTheCallsDo) {
  Interrupt interrupt;
  server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest*,
                             v1::EchoResponse*) {
    interrupt.Trigger();
    return Hang(context);
  };
  server_.service.chat = [&](grpc::ServerContext* context, TestService::Stream*) {
    interrupt.Trigger();
    return Hang(context);
  };
  const auto [loop, shape] = GetParam();
  const Ended result =
      RunClient({path_, "--bench", shape, loop, "--warmup=0", "--duration=inf", "--timeout=inf"},
                "", &interrupt);
  server_.Stop();
  EXPECT_EQ(result.exit_code, 130);
  EXPECT_THAT(result.out, HasSubstr("no call succeeded"));
}

TEST_F(BenchEndTest, ACallThatTakesTooLongIsGivenUp) {
  server_.service.echo = [](grpc::ServerContext* context, const v1::EchoRequest*,
                            v1::EchoResponse*) { return Hang(context); };
  const Ended result = Bench({"--count=2", "-c", "2", "--timeout=50ms"});
  EXPECT_THAT(result.out, HasSubstr("2 DEADLINE_EXCEEDED"));
  EXPECT_EQ(result.exit_code, 68);
}

// Whatever it says, once to each who connects.
class ForeignServer {
 public:
  ForeignServer(const std::string& path, std::string words) : words_(std::move(words)) {
    sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    EXPECT_EQ(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_.get(), 10), 0);
    thread_ = std::thread([this] { Run(); });
  }
  ~ForeignServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  ForeignServer(const ForeignServer&) = delete;
  ForeignServer& operator=(const ForeignServer&) = delete;

 private:
  void Run() {
    for (;;) {
      const uds::UniqueFd peer(accept(listener_.get(), nullptr, nullptr));
      if (!peer.valid()) return;
      char preface[1];
      recv(peer.get(), preface, sizeof(preface), 0);
      send(peer.get(), words_.data(), words_.size(), MSG_NOSIGNAL);
    }
  }

  const std::string words_;
  const uds::UniqueFd listener_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::thread thread_;
};

TEST_F(BenchEndTest, WhatIsNoGrpcServerIsTold) {
  for (const char* words : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", ""}) {
    const support::TempDir dir;
    const ForeignServer foreign(dir.Path("s"), words);
    const Ended result = RunClient({dir.Path("s"), "--bench", "--count=5", "--timeout=100ms"});
    EXPECT_GT(result.exit_code, 64) << words;
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("does a gRPC server listen there")))
        << words;
  }
}

TEST_F(BenchEndTest, NobodyIsThere) {
  EXPECT_EQ(RunClient({dir_.Path("nobody"), "--bench"}).exit_code, 3);
}

TEST_F(BenchEndTest, CtrlCEndsItWithWhatWasMeasured) {
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
  server_.Stop();
}

}  // namespace
}  // namespace udsecho::client
