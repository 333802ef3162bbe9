// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/summary.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/ask/table.h"
#include "client/exit_code.h"
#include "client/statistics.h"

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

std::string ErrorsText(const Measured& measured, const Style& style) {
  std::vector<std::string> parts;
  for (int code = 1; code < kCodes; ++code) {
    if (measured.ended[code] == 0) continue;
    parts.push_back(absl::StrCat(Thousands(static_cast<double>(measured.ended[code])), " ",
                                 CodeName(static_cast<grpc::StatusCode>(code))));
  }
  return parts.empty() ? "none" : style.Red(absl::StrJoin(parts, ", "));
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

std::string Thousands(double number) {
  const std::string digits = absl::StrFormat("%.0f", number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
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
  table.Add({"throughput", throughput});
  if (result.calls() > 0) table.Add({"latency", LatencyText(measured.latency)});
  if (result.calls() > 0) {
    table.Add({"", absl::StrCat("mean ", Milliseconds(measured.latency.Mean()), "  deviation ",
                                Milliseconds(measured.latency.StandardDeviation()))});
  }
  table.Add(
      {"calls", absl::StrCat(Thousands(static_cast<double>(result.calls())), " in ",
                             absl::StrFormat("%.1f s", absl::ToDoubleSeconds(result.duration)))});
  table.Add({"errors", ErrorsText(measured, style)});
  table.Add({"client CPU", CpuText(result)});
  if (!result.limit.empty()) table.Add({"note", result.limit});
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
  nlohmann::ordered_json errors = nlohmann::ordered_json::object();
  for (int code = 1; code < kCodes; ++code) {
    const int64_t number = result.measured.ended[code];
    if (number > 0) errors[CodeName(static_cast<grpc::StatusCode>(code))] = number;
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
          {"client_cpu_s", absl::ToDoubleSeconds(result.cpu)},
          {"client_busy", result.busy},
          {"client_is_the_limit", !result.limit.empty()},
          {"time_line",
           {{"seconds_a_point", absl::ToDoubleSeconds(result.measured.point)}, {"calls", line}}}};
}

}  // namespace udsecho::client
