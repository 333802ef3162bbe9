// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What handlers wait for besides messages and time: a pool's threads (rpc/call/run_on.h), jobs
// (job.h), and descriptors. On one thread: the pool has none of its own.

#include "rpc/call/waits.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "rpc/call/job.h"
#include "rpc/call/run_on.h"
#include "rpc/call/thread_pool.h"
#include "rpc/call/when.h"
#include "tests/http2/frames.h"
#include "tests/rpc/call_bed.h"
#include "tests/rpc/handlers.h"
#include "tests/support/status_matchers.h"

namespace udsecho::testing {
namespace {

using support::IsOk;
using support::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- RunOn ---

class RunOnTest : public ::testing::Test {
 protected:
  rpc::ThreadPool pool_{{.threads = 0, .max_waiting = 3, .max_waiting_per_uid = 2}};
  CallBed bed_;
};

TEST_F(RunOnTest, GivesWhatTheFunctionGives) {
  std::vector<std::string> seen;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    const absl::StatusOr<std::string> text =
        co_await call.RunOn(pool_, [] { return std::string("a"); });
    seen.push_back(*text);
    const absl::StatusOr<std::string> joined = co_await call.RunOn(
        pool_,
        [](const std::string& a, const std::string& b, int c) { return a + b + std::to_string(c); },
        call.request().text(), std::string(100, 'y'), 3);
    seen.push_back(*joined);
    const absl::StatusOr<std::unique_ptr<int>> moved =
        co_await call.RunOn(pool_, [] { return std::make_unique<int>(7); });
    seen.push_back(std::to_string(**moved));
    const absl::StatusOr<int> failed = co_await call.RunOn(
        pool_, []() -> absl::StatusOr<int> { return absl::AbortedError("no"); });
    seen.emplace_back(failed.status().message());
    const absl::Status status =
        co_await call.RunOn(pool_, [] { return absl::DataLossError("gone"); });
    seen.emplace_back(status.message());
    const absl::Status nothing = co_await call.RunOn(pool_, [] {});
    seen.emplace_back(nothing.ok() ? "ok" : "?");
    co_await call.Finish(Says("done"));
  };
  bed_.Send(Whole(1, "Ask", "x"));
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(bed_.status(1), "");
    EXPECT_TRUE(pool_.RunNext());
    bed_.Settle();
  }
  EXPECT_FALSE(pool_.RunNext());
  EXPECT_THAT(seen, ElementsAre("a", "x" + std::string(100, 'y') + "3", "7", "no", "gone", "ok"));
  EXPECT_THAT(bed_.replies(1), ElementsAre("done"));
}

TEST_F(RunOnTest, IsRefusedWhenTooMuchWaits) {
  std::vector<absl::Status> ends;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    const absl::Status end = co_await call.RunOn(pool_, [] {});
    ends.push_back(end);
    if (end.ok()) {
      co_await call.Finish(Says("done"));
    } else {
      co_await call.Finish(end);
    }
  };
  bed_.Send(Whole(1, "Ask", "x") + Whole(3, "Ask", "x") + Whole(5, "Ask", "x"));
  EXPECT_THAT(ends,
              ElementsAre(StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("uid 1000"))));
  EXPECT_EQ(bed_.status(5), "8");
  while (pool_.RunNext()) bed_.Settle();
  EXPECT_EQ(bed_.status(1), "0");
  EXPECT_EQ(bed_.status(3), "0");
}

TEST_F(RunOnTest, ACallThatHasEndedIsTakenOutAgain) {
  int ran = 0;
  std::vector<absl::Status> ends;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    ends.push_back(co_await call.RunOn(pool_, [&ran] { ++ran; }));
    ends.push_back(co_await call.RunOn(pool_, [&ran] { ++ran; }));
  };
  bed_.Send(Whole(1, "Ask", "x") + Whole(3, "Ask", "x", {{"grpc-timeout", "1S"}}));
  EXPECT_EQ(pool_.waiting(), 2U);
  bed_.Send(http2::ResetFrame(1));
  EXPECT_EQ(pool_.waiting(), 1U);
  bed_.clock.Advance(absl::Seconds(1));
  bed_.Settle();
  EXPECT_EQ(pool_.waiting(), 0U);
  const auto cancelled = StatusIs(absl::StatusCode::kCancelled);
  const auto late = StatusIs(absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(ends, ElementsAre(cancelled, cancelled, late, late));
  EXPECT_EQ(ran, 0);
  bed_.Send(Whole(5, "Ask", "x"));
  bed_.shard().Cut();
  EXPECT_EQ(pool_.waiting(), 0U);
  EXPECT_THAT(ends.back(), StatusIs(absl::StatusCode::kUnavailable));
}

// The function runs when its call ends: it goes on, and what it gives is destroyed.
TEST_F(RunOnTest, AFunctionThatRunsOutlivesItsCall) {
  std::weak_ptr<int> passed;
  std::weak_ptr<int> given;
  std::optional<bool> was_stopped;
  std::optional<absl::Status> end;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    auto argument = std::make_shared<int>(1);
    passed = argument;
    const auto function = [&](const std::stop_token& ended, const std::shared_ptr<int>& kept) {
      EXPECT_FALSE(ended.stop_requested());
      bed_.Send(http2::ResetFrame(1));  // as from another thread
      EXPECT_FALSE(passed.expired());
      was_stopped = ended.stop_requested();
      auto gift = std::make_shared<int>(*kept);
      given = gift;
      return gift;
    };
    const auto result = co_await call.RunOn(pool_, function, std::move(argument));
    end = result.status();
  };
  bed_.Send(Whole(1, "Ask", "x"));
  EXPECT_TRUE(pool_.RunNext());
  EXPECT_TRUE(was_stopped.value());
  EXPECT_THAT(*end, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(passed.expired());
  bed_.Settle();
  EXPECT_TRUE(given.expired());
}

// Its work may outlive even the server.
TEST(RunOnEndTest, AFunctionOutlivesItsServer) {
  rpc::ThreadPool pool({.threads = 0});
  auto bed = std::make_unique<CallBed>();
  bed->service.ask = [&](Unary& call) -> rpc::Task {
    const absl::StatusOr<std::string> text = co_await call.RunOn(pool, [&] {
      bed = nullptr;
      return std::string(1000, 'x');
    });
    EXPECT_THAT(text, StatusIs(absl::StatusCode::kCancelled));
  };
  bed->Send(Whole(1, "Ask", "x"));
  EXPECT_TRUE(pool.RunNext());
  EXPECT_EQ(bed, nullptr);
}

// --- Jobs ---

class ByHand final : public rpc::Job {
 public:
  explicit ByHand(absl::Status start) : start_(std::move(start)) {}
  bool abandoned() const { return abandoned_; }

 private:
  absl::Status Start() override { return start_; }
  void Abandon() override { abandoned_ = true; }

  const absl::Status start_;
  bool abandoned_ = false;
};

class JobTest : public ::testing::Test {
 protected:
  void Wait(const std::shared_ptr<ByHand>& job) {
    bed_.service.ask = [this, job](Unary& call) -> rpc::Task {
      end_ = co_await call.Wait(job);
      co_await call.Finish(Says("done"));
    };
    bed_.Send(Whole(1, "Ask", "x"));
  }

  std::optional<absl::Status> end_;
  CallBed bed_;
};

TEST_F(JobTest, ResumesWhenItIsDone) {
  const auto job = std::make_shared<ByHand>(absl::OkStatus());
  Wait(job);
  EXPECT_EQ(end_, std::nullopt);
  job->Done();
  EXPECT_EQ(end_, std::nullopt) << "not before the loop's turn";
  bed_.Settle();
  EXPECT_THAT(*end_, IsOk());
  EXPECT_FALSE(job->abandoned());
  job->Done();
  bed_.Settle();
}

TEST_F(JobTest, IsAbandonedWhenTheCallEnds) {
  const auto job = std::make_shared<ByHand>(absl::OkStatus());
  Wait(job);
  job->Done();  // at the same moment
  bed_.Send(http2::ResetFrame(1));
  EXPECT_TRUE(end_.has_value());
  const auto other = std::make_shared<ByHand>(absl::OkStatus());
  bed_.service.ask = [this, other](Unary& call) -> rpc::Task { end_ = co_await call.Wait(other); };
  bed_.Send(Whole(3, "Ask", "x"));
  bed_.Send(http2::ResetFrame(3));
  EXPECT_TRUE(other->abandoned());
  EXPECT_THAT(*end_, StatusIs(absl::StatusCode::kCancelled));
  other->Done();
  bed_.Settle();
}

TEST_F(JobTest, MayRefuseToStart) {
  Wait(std::make_shared<ByHand>(absl::UnavailableError("closed")));
  EXPECT_THAT(*end_, StatusIs(absl::StatusCode::kUnavailable, "closed"));
  EXPECT_EQ(bed_.status(1), "0");
}

// --- Descriptors ---

class DescriptorTest : public ::testing::Test {
 protected:
  DescriptorTest() {
    int fds[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    ours_.reset(fds[0]);
    theirs_.reset(fds[1]);
    bed_.service.ask = [this](Unary& call) -> rpc::Task {
      const absl::Status ready = co_await call.Readable(ours_.get());
      if (!ready.ok()) {
        ends_.push_back(ready);
        co_await call.Finish(ready);
        co_return;
      }
      char byte = '?';
      EXPECT_EQ(read(ours_.get(), &byte, 1), 1);
      co_await call.Finish(Says(std::string(1, byte)));
    };
  }

  void Write(char byte) { EXPECT_EQ(write(theirs_.get(), &byte, 1), 1); }

  uds::UniqueFd ours_;
  uds::UniqueFd theirs_;
  std::vector<absl::Status> ends_;
  CallBed bed_;
};

TEST_F(DescriptorTest, CanBeReadNowOrLater) {
  Write('a');
  bed_.Send(Whole(1, "Ask", "x"));
  EXPECT_THAT(bed_.replies(1), ElementsAre("a"));
  bed_.Send(Whole(3, "Ask", "x"));
  EXPECT_EQ(bed_.status(3), "");
  Write('b');
  bed_.Settle();
  EXPECT_THAT(bed_.replies(3), ElementsAre("b"));
}

TEST_F(DescriptorTest, EndsWithTheCall) {
  bed_.Send(Whole(1, "Ask", "x"));
  bed_.Send(http2::ResetFrame(1));
  EXPECT_THAT(ends_, ElementsAre(StatusIs(absl::StatusCode::kCancelled)));
  Write('a');
  bed_.Settle();
  bed_.Send(Whole(3, "Ask", "x"));
  EXPECT_THAT(bed_.replies(3), ElementsAre("a"));
}

// Of several events in the same round, one may end a wait whose own event comes next.
TEST_F(DescriptorTest, SeveralWaitsForOneInTheSameRound) {
  int woken = 0;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    const auto first = co_await rpc::WhenAny(call.Readable(ours_.get()), call.Readable(ours_.get()),
                                             call.Sleep(absl::Hours(1)));
    EXPECT_LT(first.index(), 2U);
    ++woken;
    co_await call.Finish(Says("x"));
  };
  for (std::uint32_t stream = 1; stream < 9; stream += 2) bed_.Send(Whole(stream, "Ask", "x"));
  Write('a');
  bed_.Settle();
  EXPECT_EQ(woken, 4);
}

TEST_F(DescriptorTest, ReadableAndWritableAtTheSameTime) {
  std::vector<std::size_t> firsts;
  bed_.service.ask = [&](Unary& call) -> rpc::Task {
    const auto any = co_await rpc::WhenAny(call.Readable(ours_.get()), call.Writable(ours_.get()));
    firsts.push_back(any.index());
    co_await call.Finish(Says("x"));
  };
  bed_.Send(Whole(1, "Ask", "x"));
  EXPECT_THAT(firsts, ElementsAre(1));
  const std::string full(1 << 20, 'x');
  while (write(ours_.get(), full.data(), full.size()) > 0) {
  }
  bed_.Send(Whole(3, "Ask", "x"));
  EXPECT_THAT(firsts, ElementsAre(1));
  theirs_.reset();  // a hang-up is ready for both
  bed_.Settle();
  EXPECT_EQ(firsts.size(), 2U);
}

TEST_F(DescriptorTest, WhatTheKernelCannotWatchIsRefused) {
  ours_.reset(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  bed_.Send(Whole(1, "Ask", "x"));
  ours_.reset();
  bed_.Send(Whole(3, "Ask", "x"));
  EXPECT_THAT(ends_, ElementsAre(StatusIs(absl::StatusCode::kPermissionDenied),
                                 StatusIs(absl::StatusCode::kFailedPrecondition)));
}

}  // namespace
}  // namespace udsecho::testing
