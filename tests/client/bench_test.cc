// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/run.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/pipe.h"
#include "tests/client/run_client.h"
#include "tests/client/test_server.h"
#include "tests/support/temp_dir.h"
#include "uds/unique_fd.h"

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

  // So many calls are answered.
  void HangAfter(int calls) {
    answers_ = calls;
    server_.service.echo = [&](grpc::ServerContext* context, const v1::EchoRequest*,
                               v1::EchoResponse*) {
      return --answers_ >= 0 ? grpc::Status::OK : Hang(context);
    };
  }

  // Ctrl-C once calls have come due for a while that cannot begin.
  void InterruptWhileCallsWait(Interrupt* interrupt) {
    server_.service.echo = [interrupt](grpc::ServerContext* context, const v1::EchoRequest*,
                                       v1::EchoResponse*) {
      absl::SleepFor(absl::Milliseconds(300));  // the while
      interrupt->Trigger();
      return Hang(context);
    };
  }

  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  std::atomic<int> answers_ = 0;
  TestServer server_{path_};
};

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

TEST_F(BenchTest, AStatusOfTheServerIsNoLostConnection) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "oops");
  };
  const Ended result = Bench({"--count=10", "-c", "1"});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), testing::EndsWith("oops\n")));
}

// One call is under way for the whole time, and no other has a place.
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
TEST_F(BenchTest, AServerThatHangsIsNoSuccess) {
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
TEST_F(BenchTest, AServerThatIsGoneAtTheEndIsNoSuccess) {
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

TEST_F(BenchTest, AnOutageInTheMiddleIsTold) {
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

TEST_F(BenchTest, NoCallIsNoSuccess) {
  std::vector<std::string> flags = {"--rate=1", "--warmup=500ms", "--duration=100ms"};
  const Ended ended = Bench(flags);
  EXPECT_EQ(ended.exit_code, 78);
  EXPECT_THAT(ended.err, testing::AllOf(OneLine(), HasSubstr("none was due")));
  flags.emplace_back("--fail_if=errors>0%");
  EXPECT_EQ(Bench(flags).exit_code, 6);
}

TEST_F(BenchTest, ADelayThatWasAskedForIsNoHang) {
  HangAfter(5);
  const Ended result =
      Bench({"-c", "4", "--warmup=0", "--duration=1500ms", "--timeout=1m", "--delay=1m", "--json"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_FALSE(nlohmann::json::parse(result.out, nullptr, false)["server_is_silent"]);
}

TEST_F(BenchTest, CtrlCEndsItWhateverTheCallsDo) {
  for (const char* loop : {"--concurrency=3", "--rate=100"}) {
    for (const char* shape : {"--shape=unary", "--shape=chat"}) {
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
      const Ended result = RunClient(
          {path_, "--bench", shape, loop, "--warmup=0", "--duration=inf", "--timeout=inf"}, "",
          &interrupt);
      EXPECT_EQ(result.exit_code, 130);
      EXPECT_THAT(result.out, HasSubstr("no call succeeded"));
    }
  }
  server_.Stop();
}

TEST_F(BenchTest, ACallThatTakesTooLongIsGivenUp) {
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

TEST_F(BenchTest, WhatIsNoGrpcServerIsTold) {
  for (const char* words : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", ""}) {
    const support::TempDir dir;
    const ForeignServer foreign(dir.Path("s"), words);
    const Ended result = RunClient({dir.Path("s"), "--bench", "--count=5", "--timeout=100ms"});
    EXPECT_GT(result.exit_code, 64) << words;
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("does a gRPC server listen there")))
        << words;
  }
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
  server_.Stop();
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
}

TEST_F(BenchTest, AnEarlierRunIsCompared) {
  const std::string old = dir_.Path("old.json");
  std::ofstream(old) << Bench({"--duration=500ms", "--warmup=0", "-c", "3", "--json"}).out;
  const std::vector<std::string> flags = {"--duration=500ms", "--warmup=0", "--report=-",
                                          "--compare=" + old};
  std::vector<std::string> same = flags;
  same.insert(same.end(), {"-c", "3"});
  const Ended comparable = Bench(same);
  EXPECT_EQ(comparable.exit_code, 0) << comparable.err;
  EXPECT_THAT(comparable.out, HasSubstr("p99 before"));
  EXPECT_THAT(comparable.out, Not(HasSubstr("not comparable")));
  EXPECT_THAT(Bench(flags).out, HasSubstr("calls in flight: 3 before, 64 now"));
}

TEST_F(BenchTest, AnEarlierRunIsComparedWithoutAPage) {
  const std::string old = dir_.Path("old.json");
  std::ofstream(old) << Bench({"--count=100", "--json"}).out;
  EXPECT_THAT(Bench({"--count=100", "--compare=" + old}).out,
              testing::ContainsRegex("compared +p50: .* before, .* now"));
  EXPECT_EQ(Json({"--count=100", "--compare=" + old})["comparison"]["differences"][0]["name"],
            "calls/s");
  EXPECT_EQ(Bench({"--count=100", "--compare=" + old, "--fail_if=worse"}).exit_code, 6)
      << "too short to tell";
}

TEST_F(BenchTest, AnEarlierRunThatCannotBeReadIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  const std::string old = dir_.Path("old.json");
  const auto compare = [&] {
    const std::string report = dir_.Path("report.html");
    const Ended result = Bench({"--count=1", "--report=" + report, "--compare=" + old});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_FALSE(std::ifstream(report).is_open());
    EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("--compare"), HasSubstr(old)));
    return result.err;
  };
  EXPECT_THAT(compare(), HasSubstr("No such file"));
  std::ofstream(old) << "hello\n";
  EXPECT_THAT(compare(), HasSubstr("JSON"));
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchTest, AConditionThatComesTrueHasAnExitCodeOfItsOwn) {
  const Ended failed = Bench({"--count=100", "--fail_if=p99>1ns,errors>0"});
  EXPECT_EQ(failed.exit_code, 6);
  EXPECT_THAT(failed.err, testing::AllOf(OneLine(), HasSubstr("--fail_if: p99>1ns: it was ")));
  EXPECT_THAT(failed.out, HasSubstr("p99>1ns: failed"));
  EXPECT_THAT(failed.out, HasSubstr("errors>0: passed"));
  EXPECT_EQ(Bench({"--count=100", "--fail_if=p99>1h"}).exit_code, 0);
}

TEST_F(BenchTest, CsvIsALineOfNamesAndAsManyValues) {
  const auto rows = [](const std::string& text) {
    std::vector<std::vector<std::string>> all;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      all.push_back(absl::StrSplit(line, ','));
    }
    return all;
  };
  const auto run = rows(Bench({"--count=100", "--csv"}).out);
  ASSERT_EQ(run.size(), 2U);
  ASSERT_EQ(run[0].size(), run[1].size());
  const auto value = [&](const char* name) {
    const auto at = std::find(run[0].begin(), run[0].end(), name);
    return at == run[0].end() ? "none" : run[1][at - run[0].begin()];
  };
  EXPECT_EQ(value("calls"), "100");
  EXPECT_EQ(value("errors"), "0");
  EXPECT_EQ(value("shape"), "unary");
  EXPECT_GT(std::stod(value("p99.9_us")), 0);
  EXPECT_GE(std::stod(value("p95_us")), std::stod(value("p90_us")));
  EXPECT_EQ(value("disconnected_s"), "0");

  const auto points = rows(Bench({"--duration=500ms", "--warmup=0", "--csv=points"}).out);
  ASSERT_GT(points.size(), 4U);
  for (const auto& row : points) EXPECT_EQ(row.size(), points[0].size());
  EXPECT_EQ(points[0][0], "from_s");
  EXPECT_EQ(points[1][0], "0");
  EXPECT_EQ(points[1][1], points[2][0]);
}

TEST_F(BenchTest, AReportThatCannotBeWrittenIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  const Ended result = Bench({"--count=1", "--report=" + dir_.Path("no/such")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, testing::AllOf(OneLine(), HasSubstr("No such file or directory")));
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchTest, AStandardOutputThatCannotBeWrittenIsToldBeforeTheRun) {
  std::atomic<int> calls = 0;
  server_.service.echo = [&](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    ++calls;
    return grpc::Status::OK;
  };
  // What main() makes of a descriptor that is closed.
  const uds::UniqueFd closed(open("/dev/null", O_RDONLY | O_CLOEXEC));
  for (const char* where : {"--report=-", "--json"}) {
    Pipe err;
    const std::vector<const char*> argv = {"client", path_.c_str(), "--bench", "--count=1", where};
    EXPECT_EQ(client::Run(static_cast<int>(argv.size()), argv.data(),
                          {closed.get(), closed.get(), err.writer(), nullptr}),
              1);
    EXPECT_THAT(err.CloseWriterAndReadAll(),
                testing::AllOf(OneLine(), HasSubstr("Bad file descriptor")));
  }
  EXPECT_EQ(calls, 0);
  server_.Stop();
}

TEST_F(BenchTest, AReportOfNoRunLeavesNothing) {
  const std::string file = dir_.Path("report.html");
  EXPECT_EQ(RunClient({dir_.Path("nobody"), "--bench", "--report=" + file}).exit_code, 3);
  EXPECT_FALSE(std::ifstream(file).is_open());
}

TEST_F(BenchTest, TheReportMayGoToStandardOutput) {
  const Ended result = Bench({"--count=10", "--report=-"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, testing::StartsWith("<!doctype html>"));
  EXPECT_THAT(result.out, testing::EndsWith("</html>\n"));
  EXPECT_THAT(result.err, HasSubstr("throughput")) << "the summary, where it disturbs nothing";
}

TEST_F(BenchTest, AReportOfFailuresDrawsNothing) {
  server_.service.echo = [](grpc::ServerContext*, const v1::EchoRequest*, v1::EchoResponse*) {
    return grpc::Status(grpc::StatusCode::ABORTED, "<no>");
  };
  const Ended result = Bench({"--count=10", "--report=-"});
  EXPECT_EQ(result.exit_code, 74);
  EXPECT_THAT(result.out, HasSubstr("no call succeeded"));
  EXPECT_THAT(result.out, HasSubstr("&lt;no&gt;"));
  EXPECT_THAT(result.out, Not(HasSubstr("<svg")));
  EXPECT_THAT(result.out, Not(HasSubstr("0.000 ms")));
}

}  // namespace
}  // namespace udsecho::client
