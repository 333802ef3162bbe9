// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What services are tested with: rpc/testing/.

#include "rpc/testing/test_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>

#include "rpc/call/run_on.h"
#include "rpc/call/thread_pool.h"
#include "rpc/testing/test_client.h"
#include "tests/rpc/probe_service.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;
using Request = v1::ProbeRequest;
using Reply = v1::ProbeReply;
using support::IsOk;
using support::StatusIs;

constexpr char kAsk[] = "/udsecho.testing.v1.Probe/Ask";
constexpr char kCollect[] = "/udsecho.testing.v1.Probe/Collect";
constexpr char kExpand[] = "/udsecho.testing.v1.Probe/Expand";
constexpr char kTalk[] = "/udsecho.testing.v1.Probe/Talk";
constexpr char kUnserved[] = "/udsecho.testing.v1.Probe/Unserved";

Request Saying(const std::string& text, std::int64_t wait_ms = 0) {
  Request request;
  request.set_text(text);
  request.set_wait_ms(wait_ms);
  return request;
}

class TestServerTest : public ::testing::Test {
 protected:
  TestServerTest() { server_.Add(&probe_); }

  ProbeService probe_;
  rpc::TestServer server_{{.admit = [](const uds::PeerCredentials& peer) {
    return peer.uid == 1001 ? absl::PermissionDeniedError("not Bob") : absl::OkStatus();
  }}};
  rpc::TestClient ada_{&server_};
};

TEST_F(TestServerTest, AnswersWithTheCredentialsThatTheTestGives) {
  EXPECT_EQ(ada_.Ask<Reply>(kAsk, Saying("hello"))->peer_uid(), 1000U);
  rpc::TestClient root(&server_, {.uid = 0});
  EXPECT_EQ(root.Ask<Reply>(kAsk, Saying("hello"))->peer_uid(), 0U);
  rpc::TestClient bob(&server_, {.uid = 1001});
  EXPECT_THAT(bob.Ask<Reply>(kAsk, Saying("hello")),
              StatusIs(absl::StatusCode::kPermissionDenied, "not Bob"));
}

TEST_F(TestServerTest, GivesStatusAndMetadata) {
  EXPECT_THAT(ada_.Ask<Reply>(kAsk, Saying("")), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(ada_.Ask<Reply>(kUnserved, Saying("")), StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(ada_.Ask<Reply>(kAsk, Saying("x"), {.metadata = {{"probe-refuse", "no"}}}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  rpc::TestCall call(&ada_, kAsk);
  call.SendLast(Saying("x"));
  EXPECT_THAT(call.trailer("probe-began"), Optional(std::string("yes")));
  EXPECT_EQ(call.header("probe-began"), std::nullopt);
  EXPECT_THAT(call.header("content-type"), Optional(std::string("application/grpc")));
}

TEST_F(TestServerTest, TimePassesAsTheTestSays) {
  rpc::TestCall call(&ada_, kAsk);
  call.SendLast(Saying("slow", 3'600'000));
  server_.Advance(absl::Minutes(59));
  EXPECT_EQ(call.status(), std::nullopt);
  EXPECT_EQ(server_.calls_in_flight(), 1);
  server_.Advance(absl::Minutes(1));
  EXPECT_THAT(call.status(), Optional(IsOk()));
  EXPECT_EQ(call.Next<Reply>()->text(), "slow");
  EXPECT_EQ(call.Next<Reply>(), std::nullopt);
  EXPECT_THAT(ada_.Ask<Reply>(kAsk, Saying("slow", 1)),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("waits")));
}

TEST_F(TestServerTest, DeadlinesPass) {
  rpc::TestCall call(&ada_, kTalk, {.timeout = absl::Milliseconds(1500)});
  server_.Advance(absl::Milliseconds(1499));
  EXPECT_EQ(call.status(), std::nullopt);
  server_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(call.status(), Optional(StatusIs(absl::StatusCode::kDeadlineExceeded)));
}

TEST_F(TestServerTest, StreamsGoBothWays) {
  rpc::TestCall talk(&ada_, kTalk);
  for (const std::string text : {"a", "b"}) {
    talk.Send(Saying(text));
    EXPECT_EQ(talk.Next<Reply>()->text(), text);
  }
  EXPECT_EQ(talk.Next<Reply>(), std::nullopt);
  talk.End();
  EXPECT_THAT(talk.status(), Optional(IsOk()));

  rpc::TestCall collect(&ada_, kCollect);
  collect.Send(Saying("a"));
  collect.SendLast(Saying(std::string(100'000, 'b')));
  EXPECT_EQ(collect.Next<Reply>()->text().size(), 100'001U);

  rpc::TestCall expand(&ada_, kExpand);
  Request three = Saying("x");
  three.set_count(3);
  expand.SendLast(three);
  for (const std::string text : {"x0", "x1", "x2"}) EXPECT_EQ(expand.Next<Reply>()->text(), text);
  EXPECT_EQ(expand.Next<Reply>(), std::nullopt);
}

TEST_F(TestServerTest, HandlersHearOfCallersThatLeave) {
  rpc::TestCall call(&ada_, kAsk);
  call.SendLast(Saying("slow", 1000));
  EXPECT_EQ(probe_.words().Hear(), Word::kWaiting);
  call.Cancel();
  EXPECT_EQ(probe_.words().Hear(), Word::kInterrupted);
  EXPECT_THAT(call.status(), Optional(StatusIs(absl::StatusCode::kCancelled)));
  {
    rpc::TestClient client(&server_);
    rpc::TestCall left(&client, kAsk);
    left.SendLast(Saying("slow", 1000));
    EXPECT_EQ(probe_.words().Hear(), Word::kWaiting);
  }
  EXPECT_EQ(probe_.words().Hear(), Word::kInterrupted);
  EXPECT_EQ(server_.calls_in_flight(), 0);
}

TEST_F(TestServerTest, DrainsAndCuts) {
  rpc::TestCall call(&ada_, kTalk);
  EXPECT_TRUE(ada_.may_call());
  server_.Drain();
  EXPECT_FALSE(ada_.may_call());
  call.Send(Saying("still here"));
  EXPECT_EQ(call.Next<Reply>()->text(), "still here");
  EXPECT_EQ(server_.Cut(), 1U);
  EXPECT_THAT(call.status(), Optional(StatusIs(absl::StatusCode::kUnavailable)));
}

TEST(TestServerLimitsTest, LimitsApply) {
  ProbeService probe;
  rpc::TestServer server({.limits = {.max_calls_per_uid = 1}});
  server.Add(&probe);
  rpc::TestClient ada(&server);
  const rpc::TestCall first(&ada, kTalk);
  rpc::TestClient again(&server);
  EXPECT_THAT(again.Ask<Reply>(kAsk, Saying("x")), StatusIs(absl::StatusCode::kResourceExhausted));
  rpc::TestClient bob(&server, {.uid = 1001});
  EXPECT_THAT(bob.Ask<Reply>(kAsk, Saying("x")), IsOk());
}

// A service that has its work done on other threads.
class Slow final : public rpc::Service {
 public:
  explicit Slow(rpc::ThreadPool* pool) : Service("udsecho.testing.v1.Probe"), pool_(*pool) {
    Handle("Ask", &Slow::Ask);
  }

 private:
  rpc::Task Ask(rpc::UnaryCall<Request, Reply>& call) {
    const absl::StatusOr<std::thread::id> thread =
        co_await call.RunOn(pool_, [] { return std::this_thread::get_id(); });
    EXPECT_NE(*thread, std::this_thread::get_id());
    co_await call.Finish(Reply());
  }

  rpc::ThreadPool& pool_;
};

TEST(TestServerThreadsTest, WaitsForWhatOtherThreadsDo) {
  rpc::ThreadPool pool;
  Slow slow(&pool);
  rpc::TestServer server;
  server.Add(&slow);
  rpc::TestClient ada(&server);
  rpc::TestCall call(&ada, kAsk);
  call.SendLast(Saying("x"));
  EXPECT_TRUE(server.SettleUntil([&] { return call.status().has_value(); }));
  EXPECT_THAT(call.status(), Optional(IsOk()));
  EXPECT_FALSE(server.SettleUntil([] { return false; }, absl::ZeroDuration()));
}

}  // namespace
}  // namespace udsecho::testing
