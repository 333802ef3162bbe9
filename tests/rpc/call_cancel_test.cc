// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls that end before their handler does: the client cancels, or the deadline passes. The bed's
// clock moves only when a test says so.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rpc/call/broadcast.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using http2::kEndStream;
using support::IsOk;
using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CancelTest, EndsEveryWait) {
  CallBed bed;
  rpc::Broadcast never;
  std::vector<std::string> ended;
  const auto note = [&](const rpc::Call& call, const char* what, bool went_on) {
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(call.cancelled());
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kCancelled));
    ended.emplace_back(what);
  };
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    note(call, "sleep", co_await call.Sleep(absl::Hours(1)));
  };
  bed.service.expand = [&](ServerStream& call) -> rpc::Task {
    note(call, "wait", co_await call.Wait(never, never.sent()));
  };
  bed.service.collect = [&](ClientStream& call) -> rpc::Task {
    Request request;
    ExpectTrue(co_await call.Read(&request));
    note(call, "read", co_await call.Read(&request));
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    bool went_on = true;
    while (went_on) went_on = co_await call.Write(Says(std::string(50'000, 'x')));
    note(call, "write", went_on);
  };
  bed.Send(Whole(1, "Ask", "x") + Whole(3, "Expand", "x") + Begin(5, "Collect") + Message(5, "x") +
           Begin(7, "Talk"));
  EXPECT_EQ(bed.in_flight(), 4);
  EXPECT_THAT(ended, IsEmpty());
  for (const std::uint32_t stream : {1, 3, 5, 7}) bed.Send(http2::ResetFrame(stream));
  EXPECT_THAT(ended, ElementsAre("sleep", "wait", "read", "write"));
  EXPECT_EQ(bed.in_flight(), 0);
}

// A client that has heard the limit holds the next call back until then, and sends it at once.
TEST(CancelTest, MakesRoomForACallThatComesWithIt) {
  CallBed bed({.max_calls_per_uid = 1});
  bed.service.ask = [](Unary& call) -> rpc::Task {
    if (call.request().text() == "wait") co_await call.Sleep(absl::Hours(1));
    co_await call.Finish(Says("fine"));
  };
  bed.Send(Whole(1, "Ask", "wait"));
  bed.Send(http2::ResetFrame(1) + Whole(3, "Ask", "x"));
  EXPECT_EQ(bed.status(3), "0");
}

TEST(CancelTest, TheConnectionsEndIsOne) {
  std::vector<std::string> ended;
  {
    CallBed bed;
    rpc::Broadcast never;
    bed.service.talk = [&](Bidi& call) -> rpc::Task {
      Request request;
      ExpectTrue(co_await call.Read(&request));
      if (request.text() == "read") {
        ExpectFalse(co_await call.Read(&request));
      } else if (request.text() == "sleep") {
        ExpectFalse(co_await call.Sleep(absl::Hours(1)));
      } else {
        ExpectFalse(co_await call.Wait(never, never.sent()));
      }
      ExpectFalse(co_await call.Write(Says("too late")));
      ended.emplace_back("ended");
    };
    std::uint32_t stream = 1;
    for (const char* what : {"read", "sleep", "wait"}) {
      bed.Send(Begin(stream, "Talk") + Message(stream, what));
      stream += 2;
    }
    EXPECT_EQ(bed.in_flight(), 3);
    bed.Leave();
    EXPECT_EQ(ended.size(), 3U);
  }
}

TEST(CancelTest, AHandlerThatGoesOnIsOver) {
  CallBed bed;
  std::vector<int> steps;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    for (int i = 0; i < 100; ++i) {
      co_await call.Sleep(absl::Hours(1));
      co_await call.Read(&request);
      co_await call.Write(Says("x"));
      steps.push_back(i);
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk"));
  bed.Send(http2::ResetFrame(1));
  EXPECT_EQ(steps.size(), 100U);
}

TEST(DeadlineTest, EndsTheCallToTheMillisecond) {
  CallBed bed;
  std::optional<bool> went_on;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    went_on = co_await call.Sleep(absl::Hours(1));
  };
  bed.Send(Whole(1, "Ask", "x", {{"grpc-timeout", "100m"}}));
  bed.clock.Advance(absl::Milliseconds(99));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "");
  bed.clock.Advance(absl::Milliseconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(went_on, false);
  EXPECT_EQ(bed.in_flight(), 0);
}

TEST(DeadlineTest, BeginsWhenTheCallIsReadAndNotWhenTheRoundBegan) {
  CallBed bed;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    // Keeps the thread.
    if (call.request().text().size() > 1000) bed.clock.Advance(absl::Seconds(1));
    co_await call.Sleep(absl::Milliseconds(1));
    co_await call.Finish(Says("in time"));
  };
  // So long that the second call is read after the first one's handler has run.
  bed.Send(Whole(1, "Ask", std::string(3000, 'x')) +
           Begin(3, "Ask", {{"grpc-timeout", "500m"}, {"padding", std::string(3000, 'x')}}) +
           Message(3, "x", kEndStream));
  bed.clock.Advance(absl::Milliseconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(3), "0") << bed.message(3);
}

TEST(DeadlineTest, AHandlerThatKeptItsThreadHearsOfItWithItsFinish) {
  CallBed bed;
  std::vector<bool> taken;
  const auto keep = [&](rpc::Call& call) {
    bed.clock.Advance(absl::Milliseconds(100));
    EXPECT_FALSE(call.ended());
  };
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    keep(call);
    taken.push_back(co_await call.Finish(Says("too late")));
    EXPECT_TRUE(call.cancelled());
    EXPECT_THAT(call.end_status(), StatusIs(absl::StatusCode::kDeadlineExceeded));
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    keep(call);
    taken.push_back(co_await call.Finish(absl::OkStatus()));
  };
  bed.Send(Whole(1, "Ask", "x", {{"grpc-timeout", "100m"}}));
  bed.Send(Whole(3, "Talk", "x", {{"grpc-timeout", "100m"}}));
  EXPECT_THAT(taken, ElementsAre(false, false));
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(bed.status(3), "4");
  EXPECT_THAT(bed.replies(1), IsEmpty());
}

TEST(DeadlineTest, OfACallThatSendsNothingIsOneToo) {
  CallBed bed;
  bed.Send(Begin(1, "Ask", {{"grpc-timeout", "1S"}}));
  bed.clock.Advance(absl::Seconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(bed.in_flight(), 0);
}

TEST(DeadlineTest, HasNoEffectOnACallThatHasEnded) {
  CallBed bed;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    ExpectTrue(co_await call.Finish(Says("in time")));
    bed.clock.Advance(absl::Seconds(2));
    EXPECT_FALSE(call.cancelled());
    ExpectFalse(co_await call.Finish(Says("again")));
    EXPECT_THAT(call.end_status(), IsOk());
  };
  bed.Send(Whole(1, "Ask", "x", {{"grpc-timeout", "1S"}}));
  EXPECT_EQ(bed.status(1), "0");
}

}  // namespace
}  // namespace udsecho::testing
