// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/result.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace udsecho::client {
namespace {

// What a call may begin too late, for one in a hundred, before the client is to blame.
constexpr absl::Duration kLate = absl::Milliseconds(1);

// Less is what it takes to connect again, also after a server's own UNAVAILABLE.
constexpr absl::Duration kWithoutConnection = absl::Milliseconds(500);

// How far behind the calls may be at the end. Less happens to any process on a busy machine.
constexpr absl::Duration kBehind = absl::Milliseconds(100);
constexpr double kBehindOfDuration = 0.01;

std::string WhyNotSent(const Result& result) {
  if (result.disconnected) return "the connection was lost";
  if (result.full) {
    return absl::StrCat("all ", result.concurrency,
                        " in flight waited for their answers (more: --concurrency)");
  }
  return "the client had no time (more --threads, or a core of its own)";
}

std::string Missed(const Result& result) {
  if (result.rate == 0 || result.interrupted) return "";
  if (result.behind <= std::max(kBehind, result.duration * kBehindOfDuration)) return "";
  const std::string behind = absl::StrFormat("%.1f s", absl::ToDoubleSeconds(result.behind));
  if (result.not_sent == 0) {
    return absl::StrCat("the rate was missed: the last call began ", behind, " after it was due");
  }
  return absl::StrCat("the rate was missed: ", Thousands(static_cast<double>(result.not_sent)),
                      " of ", Thousands(static_cast<double>(result.due)),
                      " calls were due and not sent, because ", WhyNotSent(result),
                      "; at the end the next one was ", behind, " late");
}

}  // namespace

double Result::CallsPerSecond() const {
  return static_cast<double>(calls()) / std::max(absl::ToDoubleSeconds(duration), 1e-9);
}

double Result::BytesPerSecond() const {
  return CallsPerSecond() * static_cast<double>(size) * messages;
}

void Judge(Result* result) {
  if (result->disconnected && result->disconnected_for >= kWithoutConnection) {
    result->lost =
        absl::StrFormat("for the last %.1f s there was no connection, and no call was made",
                        absl::ToDoubleSeconds(result->disconnected_for));
  }
  result->missed = Missed(*result);
  const absl::Duration late = result->measured.lateness.Percentile(99);
  if (result->rate > 0) {
    // In an open loop it waits awake for what is due: how busy it is says nothing.
    if (late < kLate || !result->missed.empty()) return;
    result->limit = absl::StrFormat(
        "1 %% of the calls began %.1f ms or more after they were due: all %d places were taken, or "
        "the client had no time; the latency counts from when they were due",
        absl::ToDoubleMilliseconds(late), result->concurrency);
  } else if (result->busy >= kClientIsTheLimit) {
    result->limit = absl::StrFormat(
        "the client was the limit, not the server: its busiest thread had work for %.0f %% of the "
        "time; try more --threads, with as many --connections, or give it a core of its own",
        result->busy * 100);
  }
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

const char* ShapeName(Shape shape) {
  switch (shape) {
    case Shape::kExpand:
      return "expand";
    case Shape::kCollect:
      return "collect";
    case Shape::kChat:
      return "chat";
    case Shape::kUnary:
      break;
  }
  return "unary";
}

}  // namespace udsecho::client
