// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service whose handlers call another one: the probe service, which is at the back.

#include "rpc/outgoing/call_out.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "rpc/wire/status.h"
#include "tests/rpc/hosted_server.h"
#include "tests/rpc/probe.grpc.pb.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using grpc::StatusCode;
using ::testing::ElementsAre;

constexpr char kProbe[] = "udsecho.testing.v1.Probe";

// Answers what the back answers.
class Front final : public rpc::Service {
 public:
  explicit Front(const std::shared_ptr<grpc::Channel>& back)
      : Service(kProbe), back_(v1::Probe::NewStub(back)) {
    Handle("Ask", &Front::Ask);
  }

 private:
  rpc::Task Ask(rpc::UnaryCall<v1::ProbeRequest, v1::ProbeReply>& call) {
    const absl::StatusOr<v1::ProbeReply> reply =
        co_await rpc::CallOut(call, back_->async(), &v1::Probe::Stub::async::Ask, call.request());
    if (reply.ok()) {
      co_await call.Finish(*reply);
    } else {
      co_await call.Finish(reply.status());
    }
  }

  const std::unique_ptr<v1::Probe::Stub> back_;
};

// What arrives at the back.
struct Seen {
  std::mutex mutex;
  std::vector<std::string> traces;
  absl::Duration left;
};

class CallOutTest : public ::testing::Test {
 protected:
  CallOutTest() : back_({.call_hooks = Hooks()}) {
    back_.Start();
    auto front = std::make_unique<Front>(back_.Connect());
    front_ = std::move(front);
    server_.Add(front_.get());
    thread_ = std::thread([this] {
      auto listener = uds::Listener::Open(uds::Address::Parse(path_).value()).value();
      EXPECT_THAT(server_.Run(std::move(listener)), support::IsOk());
    });
    stub_ = v1::Probe::NewStub(
        grpc::CreateChannel("unix:" + path_, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    EXPECT_TRUE(Ask(&context).ok());
  }
  ~CallOutTest() override {
    server_.Stop();
    thread_.join();
  }

  rpc::CallHooks Hooks() {
    rpc::CallHooks hooks;
    hooks.begin = [this](rpc::Call& call) { return See(call); };
    return hooks;
  }
  absl::Status See(rpc::Call& call) {
    const std::lock_guard<std::mutex> lock(seen_.mutex);
    seen_.traces.clear();
    for (const absl::string_view value : call.MetadataValues("traceparent")) {
      seen_.traces.emplace_back(value);
    }
    for (const absl::string_view value : call.MetadataValues("x-other")) {
      seen_.traces.emplace_back(value);
    }
    seen_.left = call.time_left();
    return absl::OkStatus();
  }

  grpc::Status Ask(grpc::ClientContext* context, const std::string& text = "x",
                   int64_t wait_ms = 0) {
    v1::ProbeRequest request;
    request.set_text(text);
    request.set_wait_ms(wait_ms);
    return stub_->Ask(context, request, &reply_);
  }

  Seen seen_;
  HostedServer back_;
  const support::TempDir dir_;
  const std::string path_ = dir_.Path("s");
  std::unique_ptr<Front> front_;
  rpc::Server server_;
  std::thread thread_;
  std::unique_ptr<v1::Probe::Stub> stub_;
  v1::ProbeReply reply_;
};

TEST_F(CallOutTest, TheAnswerComesBack) {
  grpc::ClientContext context;
  EXPECT_TRUE(Ask(&context, "hello").ok());
  EXPECT_EQ(reply_.text(), "hello");
}

TEST_F(CallOutTest, AnErrorTooInItsWords) {
  grpc::ClientContext context;
  const grpc::Status status = Ask(&context, "");
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "text is empty");
}

TEST_F(CallOutTest, TracesArePassedOnAndNothingElse) {
  grpc::ClientContext context;
  context.AddMetadata("traceparent", "00-a-b-01");
  context.AddMetadata("x-other", "secret");
  EXPECT_TRUE(Ask(&context).ok());
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_THAT(seen_.traces, ElementsAre("00-a-b-01"));
  EXPECT_EQ(seen_.left, absl::InfiniteDuration());
}

TEST_F(CallOutTest, TheDeadlineIsPassedOn) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::hours(1));
  EXPECT_TRUE(Ask(&context).ok());
  const std::lock_guard<std::mutex> lock(seen_.mutex);
  EXPECT_GT(seen_.left, absl::Minutes(50));
  EXPECT_LE(seen_.left, absl::Minutes(61));  // gRPC rounds it up, twice
}

TEST_F(CallOutTest, ACallThatIsCancelledCancelsTheOneAtTheBack) {
  grpc::ClientContext context;
  std::thread client(
      [&] { EXPECT_EQ(Ask(&context, "x", 3'600'000).error_code(), StatusCode::CANCELLED); });
  EXPECT_EQ(back_.words().Hear(), Word::kWaiting);
  context.TryCancel();
  EXPECT_EQ(back_.words().Hear(), Word::kInterrupted);
  client.join();
}

TEST_F(CallOutTest, ADrainCutsItOff) {
  grpc::ClientContext context;
  std::thread client(
      [&] { EXPECT_EQ(Ask(&context, "x", 3'600'000).error_code(), StatusCode::UNAVAILABLE); });
  EXPECT_EQ(back_.words().Hear(), Word::kWaiting);
  server_.Stop(absl::ZeroDuration());
  EXPECT_EQ(back_.words().Hear(), Word::kInterrupted);
  client.join();
}

TEST_F(CallOutTest, NobodyAtTheBackIsUnavailable) {
  back_.StopAndJoin();
  grpc::ClientContext context;
  EXPECT_EQ(Ask(&context).error_code(), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace udsecho::testing
