// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --fail_if: what may be written, and what comes of it.

#include "client/threshold.h"

#include <string>

#include "client/bench/outcome.h"
#include "client/bench/summary.h"
#include "client/bench/verdict.h"
#include "client/report/comparison.h"
#include "client/report/comparison_text.h"
#include "client/report/record.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/made_run.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;

std::string Error(const std::string& text) {
  return std::string(ParseThresholds(text).status().message());
}

const Result& Judged(Result* result, const std::string& conditions) {
  result->thresholds = ParseThresholds(conditions).value();
  return *result;
}

bool Fails(Result* result, const std::string& conditions) {
  return !FailedText(Verdicts(Judged(result, conditions))).empty();
}

TEST(ThresholdTest, WhatIsWrongIsSaid) {
  EXPECT_THAT(Error("p98>5ms"), HasSubstr("p50, p90, p95, p99"));
  EXPECT_THAT(Error("p99>5"), HasSubstr("without a unit"));
  EXPECT_THAT(Error("p99>"), HasSubstr("p99>5ms"));
  EXPECT_THAT(Error("p99>-5ms"), HasSubstr("p99>5ms"));
  EXPECT_THAT(Error("p99>inf"), HasSubstr("p99"));
  EXPECT_THAT(Error("p99"), HasSubstr("p99>5ms"));
  EXPECT_THAT(Error("p99=5ms"), HasSubstr(">, >=, < and <="));
  EXPECT_THAT(Error("p99>>5ms"), HasSubstr(">, >=, < and <="));
  EXPECT_THAT(Error("errors>101%"), HasSubstr("errors>0.1%"));
  EXPECT_THAT(Error("errors>nan"), HasSubstr("errors>0.1%"));
  EXPECT_THAT(Error("rate<5%"), HasSubstr("rate<1000"));
  EXPECT_THAT(Error("missed>1"), HasSubstr("takes none"));
  EXPECT_THAT(Error("p99>5ms,"), HasSubstr("empty condition"));
  EXPECT_THAT(Error(""), HasSubstr("empty condition"));
  EXPECT_THAT(Error("\x1b[31m>1"), HasSubstr("\\x1b"));
}

TEST(ThresholdTest, SpacesDoNoHarm) {
  EXPECT_EQ(ParseThresholds(" p99 > 5ms , errors > 0.1% ").value().size(), 2U);
}

TEST(ThresholdTest, EachConditionIsJudgedByWhatWasMeasured) {
  Result run = MadeRun({.codes = {14}, .errors_a_point = 40});  // 1350 of some 51,000 calls
  EXPECT_TRUE(Fails(&run, "p50>100us"));
  EXPECT_FALSE(Fails(&run, "p50>1ms"));
  EXPECT_TRUE(Fails(&run, "p95>200us"));
  EXPECT_FALSE(Fails(&run, "p95>1ms"));
  EXPECT_TRUE(Fails(&run, "max>1.5ms"));
  EXPECT_FALSE(Fails(&run, "p99.99>100ms,mean>1ms,p90>1ms,p99>1ms"));
  EXPECT_TRUE(Fails(&run, "errors>1%"));
  EXPECT_FALSE(Fails(&run, "errors>5%"));
  EXPECT_TRUE(Fails(&run, "errors>=1350"));
  EXPECT_FALSE(Fails(&run, "errors>1350"));
  EXPECT_TRUE(Fails(&run, "rate<20000"));
  EXPECT_FALSE(Fails(&run, "rate<5000"));
  EXPECT_TRUE(Fails(&run, "p99<1s")) << "for whoever wants it slow";
}

TEST(ThresholdTest, TheValueIsToldInTextAndJson) {
  Result made = MadeRun({});
  const Result& run = Judged(&made, "p50>100us,errors>0");
  EXPECT_THAT(SummaryText(run, Style()), HasSubstr("p50>100us: failed, 0.2"));
  EXPECT_THAT(SummaryText(run, Style()), HasSubstr("errors>0: passed, 0"));
  const auto json = SummaryJson(run)["fail_if"];
  EXPECT_EQ(json[0]["condition"], "p50>100us");
  EXPECT_TRUE(json[0]["failed"]);
  EXPECT_EQ(json[0]["unit"], "us");
  EXPECT_NEAR(json[0]["value"].get<double>(), 230, 30);
  EXPECT_FALSE(json[1]["failed"]);
  EXPECT_EQ(json[1]["value"], 0);
  EXPECT_EQ(OutcomeOf(run).exit_code, 6);
  EXPECT_THAT(OutcomeOf(run).error, HasSubstr("p50>100us: it was 0.2"));
}

TEST(ThresholdTest, LatencyOfNoCallsFails) {
  Result run = MadeRun({.calls_a_point = 0});
  EXPECT_TRUE(Fails(&run, "p99>1h"));
  EXPECT_TRUE(SummaryJson(Judged(&run, "p99>1h"))["fail_if"][0]["value"].is_null());
}

TEST(ThresholdTest, ErrorsThatAreAllowedAreNoFailure) {
  Result run = MadeRun({.codes = {14}});
  EXPECT_EQ(OutcomeOf(run).exit_code, 78);
  EXPECT_EQ(OutcomeOf(Judged(&run, "errors>5%")).exit_code, 0);
  EXPECT_EQ(OutcomeOf(Judged(&run, "p99>1s")).exit_code, 78) << "it says nothing of errors";
  EXPECT_EQ(OutcomeOf(Judged(&run, "errors>1%")).exit_code, 6);
}

// However many are allowed: what would have become of the calls is not known.
TEST(ThresholdTest, ErrorsAreNotJudgedWithoutCallsOrWithoutAConnection) {
  Result run = MadeRun({.calls_a_point = 0});
  EXPECT_TRUE(Fails(&run, "errors>50%"));
  EXPECT_TRUE(Fails(&run, "errors<1"));
  EXPECT_TRUE(SummaryJson(Judged(&run, "errors>0"))["fail_if"][0]["value"].is_null());
  EXPECT_EQ(OutcomeOf(run).exit_code, 6);
  EXPECT_EQ(OutcomeOf(MadeRun({.calls_a_point = 0})).exit_code, 78);

  Result gone = MadeRun({});
  gone.disconnected = gone.disconnected_for = absl::Milliseconds(3);
  Judge(&gone);
  EXPECT_EQ(OutcomeOf(gone).exit_code, 78);
  EXPECT_TRUE(Fails(&gone, "errors>50%"));
  EXPECT_THAT(OutcomeOf(gone).error, HasSubstr("no connection"));
  EXPECT_EQ(OutcomeOf(Judged(&gone, "p99>1h,disconnected>1h")).exit_code, 78);
}

TEST(ThresholdTest, TimeWithoutAConnection) {
  Result run = MadeRun({});
  EXPECT_FALSE(Fails(&run, "disconnected>0s"));
  run.disconnected = absl::Milliseconds(300);
  Judge(&run);
  EXPECT_TRUE(Fails(&run, "disconnected>100ms"));
  EXPECT_FALSE(Fails(&run, "disconnected>1s,errors>0"));
  EXPECT_EQ(OutcomeOf(run).exit_code, 0);
  EXPECT_THAT(SummaryText(run, Style()), HasSubstr("for 300 ms in all there was no connection"));
  EXPECT_EQ(SummaryJson(run)["disconnected_s"], 0.3);
  EXPECT_THAT(Error("disconnected>1"), HasSubstr("without a unit"));
}

TEST(ThresholdTest, WorseThanTheRunBefore) {
  const Record steady = RecordOfRun(MadeRun({.wave = 0.01}));
  const auto compared = [&](const RunOptions& options) {
    Result run = MadeRun(options);
    run.compared = ComparedOf(Compare(steady, RecordOfRun(run)));
    Judged(&run, "worse");
    return run;
  };
  const Result same = compared({.wave = 0.01});
  EXPECT_EQ(OutcomeOf(same).exit_code, 0);
  EXPECT_THAT(SummaryText(same, Style()), HasSubstr("noise"));
  EXPECT_EQ(OutcomeOf(compared({.latency = absl::Microseconds(100), .wave = 0.01})).exit_code, 0);

  const Result slower = compared({.latency = absl::Microseconds(250), .wave = 0.01});
  EXPECT_EQ(OutcomeOf(slower).exit_code, 6);
  EXPECT_THAT(OutcomeOf(slower).error, HasSubstr("p50 by +"));
  EXPECT_THAT(SummaryText(slower, Style()), HasSubstr("worse"));
  bool worse = false;
  const nlohmann::ordered_json json = SummaryJson(slower);
  for (const auto& each : json["comparison"]["differences"]) {
    if (each["name"] == "p50") worse = each["verdict"] == "worse";
  }
  EXPECT_TRUE(worse);

  // Nothing is known to be worse, nor to be as good.
  EXPECT_EQ(OutcomeOf(compared({.points = 4})).exit_code, 6);
  const Result other = compared({.rate = 5});
  EXPECT_EQ(OutcomeOf(other).exit_code, 6);
  EXPECT_THAT(OutcomeOf(other).error, HasSubstr("not comparable"));
  EXPECT_THAT(Error("worse>1"), HasSubstr("takes none"));
}

TEST(ThresholdTest, ARateThatIsMissed) {
  Result run = MadeRun({.rate = 20'000});
  run.due = 100'000;
  run.not_sent = 50'000;
  run.behind = absl::Seconds(2.5);
  Judge(&run);
  EXPECT_EQ(OutcomeOf(run).exit_code, 5);
  EXPECT_EQ(OutcomeOf(Judged(&run, "missed")).exit_code, 6);
  EXPECT_EQ(OutcomeOf(Judged(&run, "rate<5000")).exit_code, 0) << "that much is enough";
  EXPECT_EQ(OutcomeOf(Judged(&run, "p99>1s")).exit_code, 5);
}

TEST(ThresholdTest, CtrlCStaysCtrlC) {
  Result run = MadeRun({});
  Judged(&run, "p50>100us");
  run.interrupted = true;
  EXPECT_EQ(OutcomeOf(run).exit_code, 130);
  EXPECT_TRUE(SummaryJson(run)["fail_if"][0]["failed"]);
  run.interrupted_in_warmup = true;
  EXPECT_TRUE(SummaryJson(run)["fail_if"].empty());
}

}  // namespace
}  // namespace udsecho::client
