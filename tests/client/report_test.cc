// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The page of --report, and what it makes of an earlier run. How it looks: report_picture_test.cc.

#include <random>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/bench/summary.h"
#include "client/report/comparison.h"
#include "client/report/page.h"
#include "client/report/record.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/client/made_run.h"

namespace udsecho::client {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kHostile[] = "<script>alert(1)</script>\"'&\x1b[2J\xe2\x80\xae\xff$NOTES]]>";

// Empty if each tag that opens is closed in its turn, and none is one of those that could do something.
std::string WrongTag(const std::string& page) {
  const std::set<std::string> alone = {"!doctype", "meta"};
  const std::set<std::string> known = {
      "html", "head", "title", "style", "body", "h1",   "h2",     "p",        "dl",     "dt",
      "dd",   "span", "div",   "ul",    "li",   "code", "svg",    "section",  "figure", "table",
      "tr",   "td",   "th",    "line",  "text", "path", "circle", "polyline", "polygon"};
  std::vector<std::string> open;
  for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "no end: " + page.substr(at, 40);
    const bool closes = page[at + 1] == '/';
    const size_t from = at + (closes ? 2 : 1);
    const std::string name = page.substr(from, page.find_first_of(" \n>/", from) - from);
    if (alone.contains(name)) continue;
    if (!known.contains(name)) return "unknown: " + name;
    if (page[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return "closes something else: " + name;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

void ExpectGood(const std::string& page) {
  EXPECT_EQ(WrongTag(page), "");
  for (const char* word : {"http:", "https:", "//cdn", "nan", "inf,", "url(", "@import"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
}

std::optional<Record> Before(const RunOptions& options) { return RecordOfRun(MadeRun(options)); }

TEST(ReportTest, APageHasWhatWasMeasuredAndWhatItRanOn) {
  const std::string page = ReportPage(MadeRun({.codes = {14, 4}, .rate = 12'345}));
  ExpectGood(page);
  for (const char* text : {"Throughput over time",
                           "Latency over time",
                           "Latency by percentile",
                           "Histogram",
                           "Errors over time",
                           "UNAVAILABLE",
                           "DEADLINE_EXCEEDED",
                           "the backend is busy",
                           "target",
                           "12,345",
                           "client /tmp/sock1 --bench",
                           "4 cores",
                           "Linux 6.1.0",
                           "client 0.1.0",
                           "gRPC 1.51.1",
                           "2027-01-15",
                           "99.99",
                           "p50",
                           "p95",
                           "max"}) {
    EXPECT_THAT(page, HasSubstr(text));
  }
}

TEST(ReportTest, ARampIsSaidAndDrawn) {
  const auto targets = [](absl::Duration ramp) {
    const std::string page = ReportPage(MadeRun({.rate = 12'345, .rate_from = 678, .ramp = ramp}));
    ExpectGood(page);
    EXPECT_THAT(page, HasSubstr("678 to 12,345"));
    const std::vector<std::string> parts = absl::StrSplit(page, "class=\"line target d2\"");
    return parts.back().substr(0, parts.back().find('>'));
  };
  // A run of five seconds: the ramp ends in it, with it, and later.
  const std::string within = targets(absl::Seconds(2));
  const std::string whole = targets(absl::Seconds(5));
  const std::string beyond = targets(absl::Seconds(50));
  EXPECT_THAT(whole, HasSubstr("points=\""));
  EXPECT_NE(within, whole);
  EXPECT_NE(whole, beyond);
}

// Half of the target would look like a rate that was missed.
TEST(ReportTest, CallsThatFailedAreInTheThroughput) {
  const std::string failing = ReportPage(MadeRun({.codes = {14}, .rate = 10'000}));
  ExpectGood(failing);
  EXPECT_THAT(failing, HasSubstr("succeeded or failed"));
  EXPECT_THAT(ReportPage(MadeRun({.rate = 10'000})), Not(HasSubstr("succeeded or failed")));
}

TEST(ReportTest, TextFromElsewhereIsText) {
  Result result = MadeRun({.codes = {2}, .error = kHostile, .address = kHostile});
  result.command_line = result.method = result.surroundings.cpu = kHostile;
  nlohmann::ordered_json json = SummaryJson(result);
  json["shape"] = json["began"] = kHostile;
  const std::string page = ReportPage(result, RecordOf(json, "old.json").value());
  ExpectGood(page);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
  EXPECT_THAT(page, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(page, HasSubstr("$NOTES]]&gt;")) << "what looks like ours is no different";
}

TEST(ReportTest, WhatWasNotMeasuredIsNotDrawn) {
  const std::string failed = ReportPage(MadeRun({.calls_a_point = 0, .codes = {14}}));
  ExpectGood(failed);
  EXPECT_THAT(failed, HasSubstr("no call succeeded"));
  EXPECT_THAT(failed, HasSubstr("Errors over time"));
  EXPECT_THAT(failed, Not(HasSubstr("Latency")));
  EXPECT_THAT(failed, Not(HasSubstr("Throughput")));

  const std::string empty = ReportPage(MadeRun({.points = 0}));
  ExpectGood(empty);
  EXPECT_THAT(empty, Not(HasSubstr("<svg")));

  const std::string brief = ReportPage(MadeRun({.points = 1}));
  ExpectGood(brief);
  EXPECT_THAT(brief, HasSubstr("too short for diagrams over time"));
  EXPECT_THAT(brief, HasSubstr("Latency by percentile"));
}

TEST(ReportTest, AnEarlierRunIsBesideIt) {
  const std::string page = ReportPage(MadeRun({.latency = absl::Microseconds(400)}), Before({}));
  ExpectGood(page);
  EXPECT_THAT(page, HasSubstr("p99 before"));
  EXPECT_THAT(page, HasSubstr("worse"));
  // Of any two runs, also those of which one has nothing.
  for (const int points : {0, 1, 5, 400}) {
    for (const int calls : {0, 100}) {
      const RunOptions other = {.points = points, .calls_a_point = calls, .codes = {1}};
      ExpectGood(ReportPage(MadeRun({}), Before(other)));
      ExpectGood(ReportPage(MadeRun(other), Before({})));
      ExpectGood(ReportPage(MadeRun(other), Before(other)));
    }
  }
}

const Difference& Find(const Comparison& comparison, const std::string& name) {
  for (const Difference& each : comparison.differences) {
    if (each.name == name) return each;
  }
  ADD_FAILURE() << "there is no " << name;
  return comparison.differences.front();
}

using Verdict = Difference::Verdict;

TEST(ComparisonTest, TheSpreadOfARunIsNoise) {
  const Record steady = RecordOfRun(MadeRun({.wave = 0.01}));
  const Record slower = RecordOfRun(MadeRun({.latency = absl::Microseconds(220), .wave = 0.01}));
  const Comparison worse = Compare(steady, slower);
  EXPECT_THAT(worse.obstacles, IsEmpty());
  EXPECT_THAT(worse.cautions, IsEmpty());
  EXPECT_EQ(Find(worse, "p50").verdict, Verdict::kWorse);
  EXPECT_NEAR(*Find(worse, "p50").percent, 10, 1);
  EXPECT_EQ(Find(worse, "calls/s").verdict, Verdict::kNoise);
  EXPECT_EQ(Find(worse, "max").verdict, Verdict::kNone);
  EXPECT_EQ(Find(Compare(slower, steady), "p50").verdict, Verdict::kBetter);

  const Record unsteady = RecordOfRun(MadeRun({.latency = absl::Microseconds(220), .wave = 0.5}));
  EXPECT_EQ(Find(Compare(steady, unsteady), "p50").verdict, Verdict::kNoise);
  Record halting = steady;
  for (size_t i = 5; i < halting.points.size(); ++i) halting.points[i].calls = 0;
  EXPECT_EQ(Find(Compare(steady, halting), "calls/s").verdict, Verdict::kUnsteady);
  const Record more = RecordOfRun(MadeRun({.calls_a_point = 2000, .wave = 0.01}));
  EXPECT_EQ(Find(Compare(steady, more), "calls/s").verdict, Verdict::kBetter);
}

TEST(ComparisonTest, ShortRunsAreNotJudged) {
  const Record one = RecordOfRun(MadeRun({.points = 4}));
  const Record other = RecordOfRun(MadeRun({.points = 4, .latency = absl::Milliseconds(3)}));
  EXPECT_EQ(Find(Compare(one, other), "p50").verdict, Verdict::kNone);
  EXPECT_GT(*Find(Compare(one, other), "p50").percent, 100);
}

TEST(ComparisonTest, RunsThatDidOtherThingsAreNotComparable) {
  const Record now = RecordOfRun(MadeRun({}));
  const auto obstacles = [&](double Record::*which) {
    Record before = now;
    before.*which += 1;
    const Comparison comparison = Compare(before, now);
    EXPECT_EQ(Find(comparison, "p50").verdict, Verdict::kNone);
    return comparison.obstacles.size();
  };
  EXPECT_EQ(obstacles(&Record::size), 1U);
  EXPECT_EQ(obstacles(&Record::concurrency), 1U);
  EXPECT_EQ(obstacles(&Record::rate), 1U);
  EXPECT_EQ(obstacles(&Record::connections), 1U);
  Record before = now;
  before.shape = "chat";
  before.kernel = "Linux 5";
  EXPECT_THAT(Compare(before, now).obstacles,
              testing::ElementsAre("shape: chat before, unary now"));
  EXPECT_THAT(Compare(before, now).cautions, testing::ElementsAre(HasSubstr("another kernel")));
  EXPECT_THAT(ReportPage(MadeRun({}), before), HasSubstr("not comparable"));
}

std::string JsonText() { return SummaryJson(MadeRun({.codes = {14}, .rate = 7})).dump(); }

std::string ErrorOf(const std::string& text) {
  return std::string(ReadRecord(text, "old.json").status().message());
}

TEST(RecordTest, WhatWasPrintedIsRead) {
  const absl::StatusOr<Record> record = ReadRecord(JsonText(), "old.json");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->points.size(), 50U);
  EXPECT_EQ(record->errors.size(), 1U);
  EXPECT_EQ(record->errors[0].code, "UNAVAILABLE");
  EXPECT_EQ(record->errors[0].over_time.size(), 50U);
  EXPECT_EQ(record->rate, 7);
  EXPECT_EQ(record->ramp_s, 0);
  EXPECT_NEAR(record->Percentile(99), record->latency->p99, record->latency->p99 * 0.03);
}

TEST(RecordTest, ARamp) {
  nlohmann::ordered_json json =
      SummaryJson(MadeRun({.rate = 7, .rate_from = 3, .ramp = absl::Seconds(2)}));
  const absl::StatusOr<Record> record = ReadRecord(json.dump(), "old.json");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->rate_from, 3);
  EXPECT_EQ(record->ramp_s, 2);
  json.erase("ramp_s");  // a file of before there were ramps
  json.erase("rate_from");
  EXPECT_EQ(ReadRecord(json.dump(), "old.json")->ramp_s, 0);
}

TEST(RecordTest, AnOlderFileHasItsP95InTheHistogram) {
  nlohmann::ordered_json json = SummaryJson(MadeRun({}));
  const double p95 = ReadRecord(json.dump(), "old.json")->latency->p95;
  EXPECT_EQ(p95, json["latency_us"]["p95"]);
  EXPECT_GE(p95, json["latency_us"]["p90"]);
  json["latency_us"].erase("p95");
  EXPECT_NEAR(ReadRecord(json.dump(), "old.json")->latency->p95, p95, p95 * 0.03);
}

TEST(RecordTest, WhatIsWrongIsSaid) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("old.json is not what --bench --json prints: it is empty"));
  EXPECT_THAT(ErrorOf("hello"), HasSubstr("not one object of JSON"));
  EXPECT_THAT(ErrorOf("[1]"), HasSubstr("no JSON object"));
  EXPECT_THAT(ErrorOf("{}"), HasSubstr("calls_per_second"));
  EXPECT_THAT(ErrorOf(R"({"calls_per_second": 1})"), HasSubstr("older client"));
  EXPECT_THAT(ErrorOf(JsonText() + JsonText()), HasSubstr("not one object"));
  EXPECT_THAT(ErrorOf(std::string(1'000'000, '[')), HasSubstr("nested too deeply"));
  const auto changed = [](const char* pointer, const nlohmann::ordered_json& value) {
    auto json = nlohmann::ordered_json::parse(JsonText());
    json[nlohmann::ordered_json::json_pointer(pointer)] = value;
    return ErrorOf(json.dump());
  };
  EXPECT_THAT(changed("/calls", -1), HasSubstr("\"calls\" is no number"));
  EXPECT_THAT(changed("/calls", 1e300), HasSubstr("\"calls\" is no number"));
  EXPECT_THAT(changed("/rate", "x"), HasSubstr("\"rate\" is no number"));
  EXPECT_THAT(changed("/interrupted", 1), HasSubstr("\"interrupted\""));
  EXPECT_THAT(changed("/latency_us/p99", nullptr), HasSubstr("\"latency_us.p99\""));
  EXPECT_THAT(changed("/time_line/p50_us", {1, 2}),
              HasSubstr("\"time_line.calls\" is not as long"));
  EXPECT_THAT(changed("/time_line/seconds_a_point", 0), HasSubstr("seconds_a_point"));
  EXPECT_THAT(changed("/histogram/up_to_us", "x"), HasSubstr("histogram.up_to_us"));
  EXPECT_THAT(changed("/errors", 3), HasSubstr("\"errors\" is no object"));
  EXPECT_THAT(changed("/errors/<b>\x1b", 3), Not(HasSubstr("\x1b")));
  EXPECT_THAT(changed("/address", {1}), HasSubstr("\"address\" is no text"));
  EXPECT_THAT(ErrorOf(R"({"calls_per_second": 1e999})"), HasSubstr("not one object of JSON"));
}

// Anything that is read can be drawn, and nothing that is not is more than an error.
TEST(RecordTest, AnyFileGivesAnErrorOrAPage) {
  std::mt19937 random(1);
  const std::string good = JsonText();
  const std::vector<std::string> pieces = {"-1",   "1e308", "null", "[]",  "{}",
                                           "\"\"", "0",     ",",    "9e14"};
  const std::regex number(":[0-9.e+]+|null");
  int read = 0;
  for (int i = 0; i < 600; ++i) {
    std::string text = good;
    const size_t at = random() % text.size();
    const std::string& piece = pieces[random() % pieces.size()];
    if (i % 3 == 0) {
      text[at] = static_cast<char>(random());
    } else if (i % 3 == 1) {
      text.insert(at, piece);
    } else {
      // In the place of a value, so that it is JSON still.
      std::smatch match;
      const std::string tail = text.substr(at);
      if (!std::regex_search(tail, match, number)) continue;
      const char* const colon = match.str()[0] == ':' ? ":" : "";
      text = absl::StrCat(text.substr(0, at), match.prefix().str(), colon, piece,
                          match.suffix().str());
    }
    const absl::StatusOr<Record> record = ReadRecord(text, "old.json");
    if (!record.ok()) {
      EXPECT_THAT(std::string(record.status().message()), HasSubstr("old.json"));
      continue;
    }
    ++read;
    ExpectGood(ReportPage(MadeRun({.points = 12, .codes = {3}}), *record));
  }
  EXPECT_GT(read, 50);
}

}  // namespace
}  // namespace udsecho::client
