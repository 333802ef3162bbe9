// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/result.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace udsecho::client {
namespace {

// Less is what it takes to connect again to a server that is there.
constexpr absl::Duration kWithoutConnection = absl::Milliseconds(10);

// How far behind the calls may be at the end. Less happens to any process on a busy machine.
constexpr absl::Duration kBehind = absl::Milliseconds(100);
constexpr double kBehindOfDuration = 0.01;

// How long a server may say nothing at the end: a tenth of the time, within these.
constexpr double kSilentOfDuration = 0.1;
constexpr absl::Duration kSilentAtLeast = absl::Seconds(1);
constexpr absl::Duration kSilentAtMost = absl::Seconds(10);

// So many calls begin late before it is worth a note, and their lateness is that part of the latency.
constexpr int64_t kFewLate = 10;
constexpr double kLateOfCalls = 0.01;
constexpr double kLateOfLatency = 0.1;

std::string Number(int64_t number) { return Thousands(static_cast<double>(number)); }

// The client may have no time for the answers either: then calls wait for a place because of it.
Late Blame(const Result& result, Late late) {
  const bool no_time = late == Late::kConcurrency && result.busy >= kClientIsTheLimit;
  return no_time ? Late::kClient : late;
}

// What most late calls waited for.
Late MostFrequent(const LateCalls& late) {
  return static_cast<Late>(std::max_element(late.begin(), late.end()) - late.begin());
}

std::string Why(const Result& result, Late late) {
  switch (late) {
    case Late::kConnection:
      return "the connection was lost";
    case Late::kConcurrency:
      return absl::StrCat("all ", result.concurrency,
                          " in flight waited for their answers (more: --concurrency)");
    case Late::kClient:
      break;
  }
  return "the client had no time (more --threads, or a core of its own)";
}

void JudgeConnection(Result* result) {
  if (!result->has_no_connection() && result->disconnected < kWithoutConnection) return;
  const std::string all = SecondsText(result->disconnected);
  const std::string last = SecondsText(result->disconnected_for);
  if (!result->has_no_connection()) {
    result->lost = absl::StrCat("for ", all, " in all there was no connection");
  } else if (last == all) {
    result->lost = absl::StrCat("for the last ", last, " there was no connection");
  } else {
    result->lost = absl::StrCat("for ", all, " in all there was no connection, of which ", last,
                                " were at the end");
  }
  absl::StrAppend(&result->lost, ", and no call was made");
}

// A call may take long: but then others took long too, or a delay was asked for.
void JudgeSilence(Result* result) {
  const absl::Duration patience =
      std::clamp(result->duration * kSilentOfDuration, kSilentAtLeast, kSilentAtMost);
  const absl::Duration slow = result->delay + 2 * result->measured.latency.Max();
  if (result->unanswered < std::max(patience, slow)) return;
  result->silent = absl::StrFormat(
      "no call was answered for the last %.1f s, and %s were in flight: does the server hang?",
      absl::ToDoubleSeconds(result->unanswered), Number(result->in_flight));
}

void JudgeRate(Result* result) {
  if (result->behind <= std::max(kBehind, result->duration * kBehindOfDuration)) return;
  const std::string behind = absl::StrFormat("%.1f s", absl::ToDoubleSeconds(result->behind));
  const bool all_sent = result->not_sent == 0;
  const Late late = Blame(*result, all_sent ? MostFrequent(result->measured.late) : result->late);
  result->client_is_the_limit = late == Late::kClient;
  const std::string why = Why(*result, late);
  if (all_sent) {
    result->missed = absl::StrCat("the rate was missed: the last call began ", behind,
                                  " after it was due, because ", why);
    return;
  }
  result->missed = absl::StrCat("the rate was missed: ", Number(result->not_sent), " of ",
                                Number(result->due), " calls were due and not sent, because ", why,
                                "; at the end the next one was ", behind, " late");
}

// At a rate that was kept. It is worth a note if it shows in the latency, which counts from when calls
// were due.
void JudgeLateness(Result* result) {
  const Measured& measured = result->measured;
  const int64_t begun = measured.lateness.count();
  const int64_t late = std::accumulate(measured.late.begin(), measured.late.end(), int64_t{0});
  const double share = static_cast<double>(late) / std::max<double>(static_cast<double>(begun), 1);
  if (late < kFewLate || share < kLateOfCalls || result->calls() == 0) return;
  const double percent = 100 * (1 - share / 2);
  const absl::Duration half = measured.lateness.Percentile(percent);
  if (half < measured.latency.Percentile(percent) * kLateOfLatency) return;
  const Late reason = Blame(*result, MostFrequent(measured.late));
  const bool client = reason == Late::kClient;
  result->client_is_the_limit = client && result->busy >= kClientIsTheLimit;
  const std::string why = client && !result->client_is_the_limit
                              ? "the client did not run when they were due (a core of its own)"
                              : Why(*result, reason);
  result->late_begins = absl::StrFormat(
      "%s of %s calls began late, half of them by %.1f ms or more, because %s; the latency counts "
      "from when they were due",
      Number(late), Number(begun), absl::ToDoubleMilliseconds(half), why);
}

void JudgeClient(Result* result) {
  if (result->busy < kClientIsTheLimit) return;
  result->client_is_the_limit = true;
  result->limit = absl::StrFormat(
      "the client was the limit, not the server: its busiest thread had work for %.0f %% of the "
      "time; try more --threads, with as many --connections, or give it a core of its own",
      result->busy * 100);
}

}  // namespace

double Result::PerSecond(int64_t number) const {
  return static_cast<double>(number) / std::max(absl::ToDoubleSeconds(duration), 1e-9);
}

double Result::CallsPerSecond() const { return PerSecond(calls()); }

double Result::BytesPerSecond() const {
  return CallsPerSecond() * static_cast<double>(size) * messages;
}

std::vector<std::string> Result::Notes() const {
  std::vector<std::string> notes;
  for (const std::string& note : {lost, silent, missed, late_begins, limit}) {
    if (!note.empty()) notes.push_back(note);
  }
  return notes;
}

void Judge(Result* result) {
  JudgeConnection(result);
  JudgeSilence(result);
  if (result->rate == 0) return JudgeClient(result);
  // In a warm-up nothing is due that counts.
  if (!result->interrupted_in_warmup) JudgeRate(result);
  if (result->missed.empty()) JudgeLateness(result);
}

std::string SecondsText(absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  if (seconds >= 0.9995) return absl::StrFormat("%.1f s", seconds);
  if (seconds >= 0.9995e-3) return absl::StrFormat("%.3g ms", seconds * 1e3);
  if (seconds >= 0.9995e-6) return absl::StrFormat("%.3g us", seconds * 1e6);
  return absl::StrFormat("%.0f ns", seconds * 1e9);
}

std::string Thousands(double number) {
  const std::string digits = absl::StrFormat("%.0f", number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

}  // namespace udsecho::client
