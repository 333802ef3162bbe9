// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Several waits at the same time (rpc/call/when.h), and tasks that give a value (rpc/call/task.h).

#include "rpc/call/when.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "rpc/call/broadcast.h"
#include "rpc/call/run_on.h"
#include "rpc/call/thread_pool.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

rpc::TaskOf<std::string> ReadOne(Bidi& call) {
  Request request;
  const bool came = co_await call.Read(&request);
  if (!came) co_return "nothing";
  co_return request.text();
}

rpc::TaskOf<std::unique_ptr<int>> Number(rpc::Call& call, int number) {
  co_await call.Sleep(absl::Milliseconds(number));
  co_return std::make_unique<int>(number);
}

TEST(TaskTest, GivesAValueAtOnceOrLater) {
  CallBed bed;
  std::vector<std::string> seen;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    for (int i = 0; i < 3; ++i) seen.push_back(co_await ReadOne(call));
    const std::unique_ptr<int> number = co_await Number(call, 7);
    seen.push_back(std::to_string(*number));
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk") + Message(1, "a"));
  EXPECT_THAT(seen, ElementsAre("a"));
  bed.Send(Message(1, "b", http2::kEndStream));
  EXPECT_THAT(seen, ElementsAre("a", "b", "nothing"));
  bed.clock.Advance(absl::Milliseconds(7));
  bed.Settle();
  EXPECT_THAT(seen, ElementsAre("a", "b", "nothing", "7"));
  EXPECT_EQ(bed.status(1), "0");
}

TEST(TaskTest, AFrameIsDestroyedWithTheCallThatItWaitsFor) {
  int alive = 0;
  {
    CallBed bed;
    const auto inner = [&](rpc::Call& call) -> rpc::TaskOf<int> {
      const Counted one(&alive);
      bool goes_on = true;
      while (goes_on) goes_on = co_await call.Sleep(absl::Hours(1));
      co_return 1;
    };
    const auto outer = [&](rpc::Call& call) -> rpc::TaskOf<int> {
      const Counted one(&alive);
      const int value = co_await inner(call);
      co_return value + 1;
    };
    int value = 0;
    bed.service.ask = [&](Unary& call) -> rpc::Task {
      const Counted one(&alive);
      value = co_await outer(call);
    };
    bed.Send(Whole(1, "Ask", "x"));
    EXPECT_EQ(alive, 3);
    bed.Send(http2::ResetFrame(1));
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(value, 2);
  }
  EXPECT_EQ(alive, 0);
}

class AnyTest : public ::testing::Test {
 protected:
  AnyTest() {
    bed_.service.talk = [this](Bidi& call) -> rpc::Task {
      Request request;
      while (!call.ended()) {
        const std::uint64_t seen = changed_.sent();
        const auto first = co_await rpc::WhenAny(call.Read(&request), call.Wait(changed_, seen),
                                                 call.Sleep(absl::Seconds(30)),
                                                 call.RunOn(pool_, [] { return 5; }));
        if (call.ended()) break;
        if (first.index() == 0 && !std::get<0>(first)) break;
        firsts_.push_back(first.index() == 0 ? request.text() : std::to_string(first.index()));
        if (first.index() == 3) {
          EXPECT_EQ(*std::get<3>(first), 5);
        }
      }
      firsts_.emplace_back("end");
      co_await call.Finish(absl::OkStatus());
    };
    bed_.Send(Begin(1, "Talk"));
  }

  rpc::ThreadPool pool_{{.threads = 0}};
  rpc::Broadcast changed_;
  std::vector<std::string> firsts_;
  CallBed bed_;
};

TEST_F(AnyTest, GivesWhatCameFirst) {
  EXPECT_THAT(firsts_, IsEmpty());
  bed_.clock.Advance(absl::Seconds(30));
  bed_.Settle();
  bed_.Send(Message(1, "a"));
  changed_.Send();
  bed_.Settle();
  EXPECT_TRUE(pool_.RunNext());
  bed_.Settle();
  EXPECT_THAT(firsts_, ElementsAre("2", "a", "1", "3"));
  // Messages that came together are all there, one after the other.
  bed_.Send(Message(1, "b") + Message(1, "c") + Message(1, "d", http2::kEndStream));
  EXPECT_THAT(firsts_, ElementsAre("2", "a", "1", "3", "b", "c", "d", "end"));
  EXPECT_EQ(bed_.status(1), "0");
}

TEST_F(AnyTest, GivesUpTheOthers) {
  EXPECT_EQ(pool_.waiting(), 1U);
  bed_.Send(Message(1, "a"));
  EXPECT_EQ(pool_.waiting(), 1U) << "one was taken out, and one came";
  bed_.Send(Message(1, "b", http2::kEndStream));
  EXPECT_EQ(pool_.waiting(), 0U);
  changed_.Send();
  bed_.clock.Advance(absl::Seconds(60));
  bed_.Settle();
  EXPECT_THAT(firsts_, ElementsAre("a", "b", "end"));
}

TEST_F(AnyTest, EndsWithTheCall) {
  bed_.Send(http2::ResetFrame(1));
  EXPECT_THAT(firsts_, ElementsAre("end"));
  EXPECT_EQ(pool_.waiting(), 0U);
}

TEST_F(AnyTest, EndsWithTheConnection) {
  bed_.Leave();
  EXPECT_THAT(firsts_, ElementsAre("end"));
}

TEST(WhenAnyTest, WhatIsReadyIsFirstAndThoseAfterItAreNotBegun) {
  CallBed bed;
  std::optional<std::size_t> first;
  rpc::ThreadPool pool({.threads = 0});
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    const auto any = co_await rpc::WhenAny(call.Sleep(absl::Seconds(1)), call.Read(&request),
                                           call.RunOn(pool, [] {}));
    first = any.index();
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Whole(1, "Talk", "x"));
  EXPECT_EQ(first, 1U);
  EXPECT_EQ(pool.waiting(), 0U);
}

TEST(WhenAnyTest, ATaskThatIsNotFirstIsDestroyedWhereItWaits) {
  CallBed bed;
  int alive = 0;
  bool went_on = false;
  const auto endless = [&](rpc::Call& call) -> rpc::TaskOf<int> {
    const Counted one(&alive);
    const bool slept = co_await call.Sleep(absl::Hours(1));
    went_on = slept;
    co_return 1;
  };
  const auto deeper = [&](rpc::Call& call) -> rpc::Task {
    const Counted one(&alive);
    const int value = co_await endless(call);
    went_on = value == 1;
  };
  std::optional<std::size_t> first;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    const auto any = co_await rpc::WhenAny(deeper(call), call.Sleep(absl::Seconds(1)));
    EXPECT_EQ(alive, 0);
    first = any.index();
    co_await call.Finish(Says("done"));
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_EQ(alive, 2);
  bed.clock.Advance(absl::Seconds(1));
  bed.Settle();
  EXPECT_EQ(first, 1U);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAnyTest, AMessageStaysForTheNextRead) {
  CallBed bed;
  std::vector<std::string> seen;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    co_await rpc::WhenAny(call.Sleep(absl::Seconds(1)), call.Read(&request));
    seen.push_back(request.text());
    while (co_await call.Read(&request)) seen.push_back(request.text());
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk"));
  bed.clock.Advance(absl::Seconds(1));
  bed.Send(Message(1, "a") + Message(1, "b", http2::kEndStream));
  // Which of the two came first in that round is the loop's.
  if (!seen.empty() && seen.front().empty()) seen.erase(seen.begin());
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

TEST(WhenAllTest, GivesAllResults) {
  CallBed bed;
  rpc::ThreadPool pool({.threads = 0});
  std::string all;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    auto [number, text, done, slept] = co_await rpc::WhenAll(
        Number(call, 7), ReadOne(call), call.RunOn(pool, [] { return absl::AbortedError("no"); }),
        call.Sleep(absl::Milliseconds(1)));
    all = std::to_string(*number) + text + std::string(done.message()) + (slept ? "!" : "?");
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk"));
  bed.clock.Advance(absl::Milliseconds(7));
  bed.Settle();
  bed.Send(Message(1, "a"));
  EXPECT_EQ(all, "");
  pool.RunNext();
  bed.Settle();
  EXPECT_EQ(all, "7ano!");
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAllTest, OneReadsWhileTheOtherWrites) {
  CallBed bed;
  int read = 0;
  const auto reading = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) ++read;
  };
  const auto writing = [&](Bidi& call) -> rpc::TaskOf<int> {
    int written = 0;
    const Reply reply = Says(std::string(20'000, 'x'));
    for (int i = 0; i < 10; ++i) {
      const bool went = co_await call.Write(reply);
      if (!went) break;
      ++written;
    }
    co_return written;
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    const auto [nothing, written] = co_await rpc::WhenAll(reading(call), writing(call));
    EXPECT_EQ(written, 10);
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk"));
  EXPECT_LT(bed.replies(1).size(), 10U) << "the window is full";
  for (int i = 0; i < 3; ++i) bed.Send(Message(1, "x"));
  EXPECT_EQ(read, 3);
  bed.Send(http2::WindowUpdateFrame(1, 1 << 20) + http2::WindowUpdateFrame(0, 1 << 20));
  EXPECT_EQ(bed.replies(1).size(), 10U);
  EXPECT_EQ(bed.status(1), "");
  bed.Send(Data(1, "", http2::kEndStream));
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAllTest, AreOverWhenTheCallIs) {
  CallBed bed;
  int ended = 0;
  const auto reading = [&](Bidi& call) -> rpc::Task {
    Request request;
    while (co_await call.Read(&request)) {
    }
    ++ended;
  };
  const auto watching = [&](Bidi& call) -> rpc::Task {
    const auto first =
        co_await rpc::WhenAny(call.Sleep(absl::Hours(1)), call.Sleep(absl::Hours(2)));
    EXPECT_TRUE(call.ended()) << first.index();
    ++ended;
  };
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    co_await rpc::WhenAll(reading(call), watching(call), call.Sleep(absl::Hours(3)));
    EXPECT_EQ(ended, 2);
    ended = 10;
  };
  bed.Send(Begin(1, "Talk", {{"grpc-timeout", "1S"}}));
  bed.clock.Advance(absl::Seconds(1));
  bed.Settle();
  EXPECT_EQ(bed.status(1), "4");
  EXPECT_EQ(ended, 10);
}

TEST(WhenAllDeathTest, TwoReadsOfACallAreAMistake) {
  const auto read_twice = [] {
    CallBed bed;
    bed.service.talk = [](Bidi& call) -> rpc::Task {
      Request one;
      Request other;
      co_await rpc::WhenAll(call.Read(&one), call.Read(&other));
    };
    bed.Send(Begin(1, "Talk"));
  };
  EXPECT_DEATH(read_twice(), "two reads");
}

TEST(WhenAllTest, NestInEachOther) {
  CallBed bed;
  std::vector<std::size_t> inner;
  bed.service.talk = [&](Bidi& call) -> rpc::Task {
    Request request;
    for (int i = 0; i < 3; ++i) {
      const auto both =
          co_await rpc::WhenAll(rpc::WhenAny(call.Read(&request), call.Sleep(absl::Seconds(5))),
                                call.Sleep(absl::Seconds(1)));
      inner.push_back(std::get<0>(both).index());
    }
    co_await call.Finish(absl::OkStatus());
  };
  bed.Send(Begin(1, "Talk") + Message(1, "a"));
  for (int i = 0; i < 11; ++i) {
    bed.clock.Advance(absl::Seconds(1));
    bed.Settle();
  }
  EXPECT_THAT(inner, ElementsAre(0, 1, 1));
  EXPECT_EQ(bed.status(1), "0");
}

}  // namespace
}  // namespace udsecho::testing
