// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A vector of waits at the same time (rpc/call/when.h).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <coroutine>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "rpc/call/when.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"

namespace udsecho::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

rpc::TaskOf<std::unique_ptr<int>> Number(rpc::Call& call, int number) {
  co_await call.Sleep(absl::Milliseconds(number));
  co_return std::make_unique<int>(number);
}

rpc::TaskOf<std::vector<bool>> SleepAll(rpc::Call& call, std::vector<int> milliseconds) {
  std::vector<rpc::Call::Sleeping> sleeps;
  for (const int each : milliseconds) sleeps.push_back(call.Sleep(absl::Milliseconds(each)));
  std::vector<bool> slept = co_await rpc::WhenAll(std::move(sleeps));
  co_return slept;
}

TEST(WhenAllVectorTest, GivesTheResultsInTheirOrder) {
  CallBed bed;
  std::vector<int> numbers;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    std::vector<rpc::TaskOf<std::unique_ptr<int>>> tasks;
    for (const int number : {3, 0, 7}) tasks.push_back(Number(call, number));
    const auto results = co_await rpc::WhenAll(std::move(tasks));
    for (const auto& result : results) numbers.push_back(*result);
    co_await call.Finish(Says("done"));
  };
  bed.Send(Whole(1, "Ask", "x"));
  bed.clock.Advance(absl::Milliseconds(6));
  bed.Settle();
  EXPECT_THAT(numbers, IsEmpty());
  bed.clock.Advance(absl::Milliseconds(1));
  bed.Settle();
  EXPECT_THAT(numbers, ElementsAre(3, 0, 7));
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAllVectorTest, TakesWaitsAndNoneAndTasksWithoutAResult) {
  CallBed bed;
  std::size_t all = 0;
  const auto nothing = [](rpc::Call& call) -> rpc::Task {
    co_await call.Sleep(absl::Milliseconds(1));
  };
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    const std::vector<bool> none = co_await SleepAll(call, std::vector<int>());
    EXPECT_THAT(none, IsEmpty());
    const std::vector<int> two = {2, 1};
    const std::vector<bool> slept = co_await SleepAll(call, two);
    EXPECT_THAT(slept, ElementsAre(true, true));
    std::vector<rpc::Task> tasks;
    tasks.push_back(nothing(call));
    tasks.push_back(nothing(call));
    const std::vector<std::monostate> results = co_await rpc::WhenAll(std::move(tasks));
    all = results.size();
    co_await call.Finish(Says("done"));
  };
  bed.Send(Whole(1, "Ask", "x"));
  for (int i = 0; i < 3; ++i) {
    bed.clock.Advance(absl::Milliseconds(1));
    bed.Settle();
  }
  EXPECT_EQ(all, 2U);
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAllVectorTest, IsOverWhenTheCallIs) {
  CallBed bed;
  std::vector<bool> slept;
  const std::vector<int> three = {5, 0, 9};
  bed.service.ask = [&](Unary& call) -> rpc::Task { slept = co_await SleepAll(call, three); };
  bed.Send(Whole(1, "Ask", "x"));
  bed.Send(http2::ResetFrame(1));
  EXPECT_THAT(slept, ElementsAre(false, true, false));
}

TEST(WhenAnyVectorTest, GivesTheFirstAndGivesUpTheOthers) {
  CallBed bed;
  int alive = 0;
  const auto number = [&](rpc::Call& call, int number) -> rpc::TaskOf<std::string> {
    const Counted one(&alive);
    co_await call.Sleep(absl::Milliseconds(number));
    co_return std::to_string(number);
  };
  std::size_t index = 0;
  std::string result;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    std::vector<rpc::TaskOf<std::string>> tasks;
    for (const int each : {9, 2, 5}) tasks.push_back(number(call, each));
    const auto first = co_await rpc::WhenAny(std::move(tasks));
    EXPECT_EQ(alive, 0);
    index = first.index;
    result = first.result;
    co_await call.Finish(Says("done"));
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_EQ(alive, 3);
  bed.clock.Advance(absl::Milliseconds(2));
  bed.Settle();
  EXPECT_EQ(index, 1U);
  EXPECT_EQ(result, "2");
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAnyVectorTest, ThoseAfterOneThatIsReadyAreNotBegun) {
  CallBed bed;
  int begun = 0;
  const auto count = [&](rpc::Call& call, int milliseconds) -> rpc::Task {
    ++begun;
    co_await call.Sleep(absl::Milliseconds(milliseconds));
  };
  std::size_t index = 0;
  bed.service.ask = [&](Unary& call) -> rpc::Task {
    std::vector<rpc::Task> tasks;
    for (const int each : {1, 0, 0}) tasks.push_back(count(call, each));
    const auto first = co_await rpc::WhenAny(std::move(tasks));
    index = first.index;
    co_await call.Finish(Says("done"));
  };
  bed.Send(Whole(1, "Ask", "x"));
  EXPECT_EQ(index, 1U);
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(bed.status(1), "0");
}

TEST(WhenAnyVectorDeathTest, AnyOfNoneIsAMistake) {
  EXPECT_DEATH((void)rpc::WhenAny(std::vector<rpc::Task>()), "never be over");
}

TEST(WhenVectorTest, NestsAndIsDestroyedWithTheCall) {
  int alive = 0;
  {
    CallBed bed;
    const auto wait = [&](rpc::Call& call) -> rpc::TaskOf<int> {
      const Counted one(&alive);
      // As if the call did not end: the frame goes with the connection.
      while (true) co_await std::suspend_always();
      co_return call.ended();
    };
    bed.service.ask = [&](Unary& call) -> rpc::Task {
      std::vector<rpc::TaskOf<int>> some;
      for (int i = 0; i < 3; ++i) some.push_back(wait(call));
      std::vector<rpc::AllInVector<rpc::TaskOf<int>>> nested;
      nested.push_back(rpc::WhenAll(std::move(some)));
      co_await rpc::WhenAny(std::move(nested));
    };
    bed.Send(Whole(1, "Ask", "x"));
    EXPECT_EQ(alive, 3);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace udsecho::testing
