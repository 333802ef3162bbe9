// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is concluded from the numbers of a bench.

#include <string>

#include "absl/time/time.h"
#include "client/bench/result.h"
#include "client/bench/summary.h"
#include "client/style.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr int kClient = static_cast<int>(Late::kClient);
constexpr int kConcurrency = static_cast<int>(Late::kConcurrency);

// A run at a rate, of calls that took `latency` from when they were sent.
struct OpenLoop {
  double rate = 1000;
  int calls = 1000;
  absl::Duration latency = absl::Microseconds(300);
  int late_calls = 0;
  absl::Duration late = absl::ZeroDuration();
  int reason = kClient;
  double busy = 0.1;
};

Result Made(const OpenLoop& run) {
  Result result;
  result.rate = run.rate;
  result.duration = absl::Seconds(run.calls / run.rate);
  result.concurrency = 1000;
  result.busy = run.busy;
  result.due = run.calls;
  for (int i = 0; i < run.calls; ++i) {
    const absl::Duration late = i < run.late_calls ? run.late : absl::Microseconds(20);
    result.measured.lateness.Add(late);
    result.measured.latency.Add(late + run.latency);
    if (late >= kLate) ++result.measured.late[run.reason];
  }
  return result;
}

Result Judged(Result result) {
  Judge(&result);
  return result;
}

bool ClientIsTheLimit(const Result& result) {
  return SummaryJson(result)["client_is_the_limit"].get<bool>();
}

std::string Text(const Result& result) { return SummaryText(result, Style()); }

TEST(BenchResultTest, AFewCallsThatBeginLateAreNotWorthANote) {
  const Result result = Judged(Made(
      {.rate = 20, .calls = 20, .late_calls = 1, .late = absl::Milliseconds(10), .busy = 0.01}));
  EXPECT_THAT(result.Notes(), IsEmpty());
  EXPECT_FALSE(ClientIsTheLimit(result));
}

TEST(BenchResultTest, LatenessThatTheLatencyHidesIsNotWorthANote) {
  const Result result = Judged(Made(
      {.latency = absl::Milliseconds(100), .late_calls = 20, .late = absl::Microseconds(1200)}));
  EXPECT_THAT(result.Notes(), IsEmpty());
}

TEST(BenchResultTest, CallsThatBeginLateAreToldWithTheirCause) {
  const OpenLoop late = {.late_calls = 20, .late = absl::Milliseconds(5)};

  OpenLoop idle = late;
  EXPECT_THAT(Text(Judged(Made(idle))), HasSubstr("the client did not run when they were due"));
  EXPECT_FALSE(ClientIsTheLimit(Judged(Made(idle))));

  OpenLoop busy = late;
  busy.busy = 0.95;
  EXPECT_THAT(Text(Judged(Made(busy))), HasSubstr("the client had no time"));
  EXPECT_TRUE(ClientIsTheLimit(Judged(Made(busy))));

  OpenLoop full = late;
  full.reason = kConcurrency;
  EXPECT_THAT(Text(Judged(Made(full))), HasSubstr("--concurrency"));
  EXPECT_FALSE(ClientIsTheLimit(Judged(Made(full))));
}

// Calls wait for a place either because of the server, or because the client is slow with answers.
TEST(BenchResultTest, ARateThatIsMissedIsToldWithItsCause) {
  for (const Late late : {Late::kClient, Late::kConcurrency, Late::kConnection}) {
    for (const double busy : {0.1, 0.97}) {
      Result result = Made({.busy = busy});
      result.due = 2000;
      result.not_sent = 1000;
      result.behind = absl::Seconds(1);
      result.late = late;
      Judge(&result);
      EXPECT_THAT(result.missed, Not(IsEmpty()));
      EXPECT_THAT(result.Notes(), SizeIs(1));
      const bool client = late == Late::kClient || (late == Late::kConcurrency && busy > 0.9);
      EXPECT_EQ(ClientIsTheLimit(result), client);
      EXPECT_EQ(result.missed.find("the client had no time") != std::string::npos, client);
    }
  }
}

TEST(BenchResultTest, ABusyClientIsTheLimitOfAClosedLoop) {
  for (const double busy : {0.5, 0.95}) {
    Result result;
    result.duration = absl::Seconds(1);
    result.busy = busy;
    Judge(&result);
    EXPECT_EQ(ClientIsTheLimit(result), busy > 0.9);
    EXPECT_EQ(result.Notes().size(), busy > 0.9 ? 1U : 0U);
  }
}

// A second at least, a good part of the time, and more than such calls take.
TEST(BenchResultTest, AServerIsSilentIfItStoppedToAnswer) {
  const auto silent = [](double duration, double unanswered, double slowest, double delay) {
    Result result;
    result.duration = absl::Seconds(duration);
    result.unanswered = absl::Seconds(unanswered);
    result.measured.latency.Add(absl::Seconds(slowest));
    result.delay = absl::Seconds(delay);
    result.in_flight = 8;
    Judge(&result);
    EXPECT_EQ(result.Notes().size(), result.silent.empty() ? 0U : 1U);
    return SummaryJson(result)["server_is_silent"].get<bool>();
  };
  EXPECT_TRUE(silent(3, 2.5, 0.01, 0));
  EXPECT_FALSE(silent(3, 0.9, 0.01, 0));
  EXPECT_FALSE(silent(30, 2.5, 0.01, 0));
  EXPECT_TRUE(silent(3000, 11, 0.01, 0));
  EXPECT_FALSE(silent(3, 2.5, 1.5, 0));
  EXPECT_FALSE(silent(3, 2.5, 0.01, 10));
}

}  // namespace
}  // namespace udsecho::client
