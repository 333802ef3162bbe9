// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/summary.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/ask/table.h"
#include "client/exit_code.h"
#include "client/statistics.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

struct Percentile {
  const char* name;
  double percent;
};

constexpr Percentile kPercentiles[] = {
    {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99},
};

std::string Count(int64_t number, const char* what) {
  return absl::StrCat(Thousands(static_cast<double>(number)), " ", what, number == 1 ? "" : "s");
}

std::string LatencyText(const Histogram& latency) {
  std::vector<std::string> parts;
  for (const Percentile& each : kPercentiles) {
    parts.push_back(absl::StrCat(each.name, " ", Milliseconds(latency.Percentile(each.percent))));
  }
  parts.push_back(absl::StrCat("max ", Milliseconds(latency.Max())));
  return absl::StrJoin(parts, "  ");
}

// As much of a server's text as is worth a line.
std::string FirstSentence(const std::string& text) {
  constexpr size_t kMost = 160;
  const std::string printable = uds::Printable(text);
  const size_t end = printable.find(". ");
  if (std::min(end, printable.size()) <= kMost) return printable.substr(0, end);
  return absl::StrCat(printable.substr(0, kMost), "...");
}

std::string ErrorsText(const Measured& measured, const Style& style) {
  std::vector<std::string> parts;
  for (int code = 1; code < kCodes; ++code) {
    if (measured.ended[code] == 0) continue;
    std::string text = absl::StrCat(Thousands(static_cast<double>(measured.ended[code])), " ",
                                    CodeName(static_cast<grpc::StatusCode>(code)));
    const std::string& first = measured.first_errors[code];
    if (!first.empty()) absl::StrAppend(&text, " (", FirstSentence(first), ")");
    parts.push_back(std::move(text));
  }
  return parts.empty() ? "none" : style.Red(absl::StrJoin(parts, ", "));
}

std::string NotSentText(const Result& result, const Style& style) {
  const std::string text = absl::StrCat(Thousands(static_cast<double>(result.not_sent)), " of ",
                                        Count(result.due, "call"), " that were due");
  return result.missed.empty() ? text : style.Red(text);
}

std::string CpuText(const Result& result) {
  const double cores = absl::FDivDuration(result.cpu, result.duration);
  std::string text = absl::StrFormat("%.0f %% of a core", cores * 100);
  if (result.calls() > 0) {
    absl::StrAppendFormat(
        &text, ", %.1f us a call",
        absl::ToDoubleMicroseconds(result.cpu) / static_cast<double>(result.calls()));
  }
  return text;
}

}  // namespace

absl::string_view NothingText(const Result& result) {
  if (result.interrupted_in_warmup) return "Ctrl-C came in the warm-up: nothing was measured";
  return "no call succeeded";
}

std::string Setting(const Result& result) {
  std::string text = absl::StrCat(ShapeName(result.shape), ", ", Count(result.size, "byte"));
  if (result.messages > 1) absl::StrAppend(&text, " x ", result.messages);
  if (result.rate > 0) {
    absl::StrAppendFormat(&text, ", %g calls a second, at most %d in flight", result.rate,
                          result.concurrency);
  } else {
    absl::StrAppend(&text, ", ", result.concurrency, " in flight");
  }
  absl::StrAppend(&text, " on ", Count(result.connections, "connection"));
  if (result.threads > 1) absl::StrAppend(&text, ", ", result.threads, " threads");
  return text;
}

std::string SummaryText(const Result& result, const Style& style) {
  const Measured& measured = result.measured;
  const double bytes = result.BytesPerSecond();
  std::string throughput = absl::StrCat(Thousands(result.CallsPerSecond()), " calls/s");
  if (result.messages > 1) {
    absl::StrAppend(&throughput, ", ", Thousands(result.CallsPerSecond() * result.messages),
                    " messages/s");
  }
  absl::StrAppend(&throughput, ", ", BytesText(static_cast<uint64_t>(bytes)), "/s of messages");

  Table table({}, style);
  if (result.calls() > 0) {
    table.Add({"throughput", throughput});
  } else {
    table.Add({"throughput", std::string(NothingText(result))});
  }
  if (result.calls() > 0) table.Add({"latency", LatencyText(measured.latency)});
  if (result.calls() > 0) {
    table.Add({"", absl::StrCat("mean ", Milliseconds(measured.latency.Mean()), "  deviation ",
                                Milliseconds(measured.latency.StandardDeviation()))});
  }
  table.Add(
      {"calls", absl::StrCat(Thousands(static_cast<double>(result.calls())), " in ",
                             absl::StrFormat("%.1f s", absl::ToDoubleSeconds(result.duration)))});
  table.Add({"errors", ErrorsText(measured, style)});
  if (result.not_sent > 0) table.Add({"not sent", NotSentText(result, style)});
  if (result.in_flight > 0) {
    table.Add({"in flight", absl::StrCat(Thousands(static_cast<double>(result.in_flight)),
                                         " at the end, not counted")});
  }
  table.Add({"client CPU", CpuText(result)});
  for (const std::string& note : result.Notes()) table.Add({"note", note});
  return absl::StrCat(style.Bold(result.address), ": ", Setting(result), "\n", table.Text());
}

nlohmann::ordered_json SummaryJson(const Result& result) {
  const Histogram& latency = result.measured.latency;
  const auto us = [](absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); };
  nlohmann::ordered_json times = {{"min", us(latency.Min())},
                                  {"mean", us(latency.Mean())},
                                  {"deviation", us(latency.StandardDeviation())}};
  for (const Percentile& each : kPercentiles)
    times[each.name] = us(latency.Percentile(each.percent));
  times["max"] = us(latency.Max());
  if (result.calls() == 0) times = nullptr;
  nlohmann::ordered_json errors = nlohmann::ordered_json::object();
  nlohmann::ordered_json first_errors = nlohmann::ordered_json::object();
  for (int code = 1; code < kCodes; ++code) {
    const int64_t number = result.measured.ended[code];
    if (number == 0) continue;
    const std::string name = CodeName(static_cast<grpc::StatusCode>(code));
    errors[name] = number;
    first_errors[name] = result.measured.first_errors[code];
  }
  nlohmann::ordered_json line = nlohmann::ordered_json::array();
  for (const Point& point : result.measured.points) line.push_back(point.calls);
  return {{"address", result.address},
          {"shape", ShapeName(result.shape)},
          {"size", result.size},
          {"messages_per_call", result.messages},
          {"concurrency", result.concurrency},
          {"connections", result.connections},
          {"threads", result.threads},
          {"rate", result.rate},
          {"warmup_s", absl::ToDoubleSeconds(result.warmup)},
          {"duration_s", absl::ToDoubleSeconds(result.duration)},
          {"calls", result.calls()},
          {"calls_per_second", result.CallsPerSecond()},
          {"bytes_per_second", result.BytesPerSecond()},
          {"latency_us", times},
          {"late_p99_us", us(result.measured.lateness.Percentile(99))},
          {"errors", errors},
          {"first_errors", first_errors},
          {"due", result.due},
          {"due_and_not_sent", result.not_sent},
          {"rate_missed", !result.missed.empty()},
          {"in_flight_at_the_end", result.in_flight},
          {"disconnected_at_the_end_s", absl::ToDoubleSeconds(result.disconnected_for)},
          {"unanswered_at_the_end_s", absl::ToDoubleSeconds(result.unanswered)},
          {"server_is_silent", !result.silent.empty()},
          {"interrupted", result.interrupted},
          {"client_cpu_s", absl::ToDoubleSeconds(result.cpu)},
          {"client_busy", result.busy},
          {"client_is_the_limit", result.client_is_the_limit},
          {"time_line",
           {{"seconds_a_point", absl::ToDoubleSeconds(result.measured.point)}, {"calls", line}}}};
}

}  // namespace udsecho::client
