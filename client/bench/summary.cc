// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/summary.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/ask/table.h"
#include "client/bench/verdict.h"
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
    {"p50", 50}, {"p90", 90}, {"p95", 95}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99},
};

std::string Count(int64_t number, const char* what) {
  return absl::StrCat(Thousands(static_cast<double>(number)), " ", what, number == 1 ? "" : "s");
}

std::string LatencyText(const Histogram& latency) {
  std::vector<std::string> parts;
  for (const Percentile& each : kPercentiles) {
    parts.push_back(absl::StrCat(each.name, " ", Milliseconds(latency.Percentile(each.percent))));
  }
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

// What diagrams are drawn of, also those of a later run that is compared with this one.
nlohmann::ordered_json TimeLineJson(const Measured& measured) {
  using Json = nlohmann::ordered_json;
  const TimeLine& line = measured.time_line;
  Json json = {{"seconds_a_point", absl::ToDoubleSeconds(line.point())},
               {"calls", Json::array()},
               {"errors", Json::array()},
               {"errors_by_code", Json::object()}};
  for (const char* name : {"p50_us", "p90_us", "p99_us", "p99.9_us", "max_us"}) {
    json[name] = Json::array();
  }
  for (const Point& point : line.points()) {
    json["calls"].push_back(point.calls());
    json["errors"].push_back(point.errors());
    const auto add = [&](const char* name, absl::Duration time) {
      json[name].push_back(point.latency.count() == 0 ? Json() : Json(RoundedMicroseconds(time)));
    };
    add("p50_us", point.Percentile(50));
    add("p90_us", point.Percentile(90));
    add("p99_us", point.Percentile(99));
    add("p99.9_us", point.Percentile(99.9));
    add("max_us", point.slowest);
  }
  for (int code = 1; code < kCodes; ++code) {
    if (measured.ended[code] == 0) continue;
    Json& of_code = json["errors_by_code"][CodeName(static_cast<grpc::StatusCode>(code))];
    of_code = Json::array();
    for (const Point& point : line.points()) of_code.push_back(point.ended[code]);
  }
  return json;
}

nlohmann::ordered_json HistogramJson(const Histogram& latency) {
  nlohmann::ordered_json up_to = nlohmann::ordered_json::array();
  nlohmann::ordered_json calls = nlohmann::ordered_json::array();
  CoarseHistogram coarse;
  coarse.Add(latency);
  for (const Bin& bin : coarse.Bins()) {
    up_to.push_back(RoundedMicroseconds(std::min(bin.up_to, latency.Max())));
    calls.push_back(bin.calls);
  }
  return {{"up_to_us", up_to}, {"calls", calls}};
}

nlohmann::ordered_json HostJson(const Surroundings& here) {
  return {{"cores", here.cores}, {"cpu", here.cpu}, {"kernel", here.kernel}};
}

std::string BytesPerSecondText(double bytes) {
  return absl::StrCat(BytesText(static_cast<uint64_t>(bytes)), "/s");
}

// Of any method the two ways differ.
std::string ThroughputText(const Result& result) {
  std::string text = absl::StrCat(Thousands(result.CallsPerSecond()), " calls/s, ");
  if (result.messages > 1) {
    absl::StrAppend(&text, Thousands(result.CallsPerSecond() * result.messages),
                    result.is_any_method ? " messages/s and " : " messages/s, ");
  }
  absl::StrAppend(&text, BytesPerSecondText(result.BytesPerSecond()));
  if (!result.is_any_method) return absl::StrCat(text, " of messages");
  absl::StrAppend(&text, " sent, ");
  if (result.streams_replies) {
    absl::StrAppend(&text, Thousands(result.PerSecond(result.measured.messages_received)),
                    " messages/s and ");
  }
  return absl::StrCat(text, BytesPerSecondText(result.PerSecond(result.measured.bytes_received)),
                      " received");
}

std::string VerdictText(const Verdict& verdict, const Style& style) {
  return verdict.failed
             ? absl::StrCat(verdict.condition, ": ", style.Red("failed"), ", ", verdict.text)
             : absl::StrCat(verdict.condition, ": passed, ", verdict.text);
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

double RoundedMicroseconds(absl::Duration time) {
  return std::round(absl::ToDoubleMicroseconds(time) * 100) / 100;
}

absl::string_view NothingText(const Result& result) {
  if (result.interrupted_in_warmup) return "Ctrl-C came in the warm-up: nothing was measured";
  return "no call succeeded";
}

std::string Setting(const Result& result) {
  const std::string name = result.name != result.shape ? absl::StrCat(result.name, ", ") : "";
  std::string text = absl::StrCat(name, result.shape, ", ", Count(result.size, "byte"));
  if (result.messages > 1) absl::StrAppend(&text, " x ", result.messages);
  if (result.rate > 0) {
    const bool ramps = result.ramp > absl::ZeroDuration();
    const std::string from = ramps ? absl::StrFormat("%.10g to ", result.rate_from) : "";
    const std::string over = ramps ? absl::StrCat(" over ", absl::FormatDuration(result.ramp)) : "";
    absl::StrAppendFormat(&text, ", %s%.10g calls a second%s, at most %d in flight", from,
                          result.rate, over, result.concurrency);
  } else {
    absl::StrAppend(&text, ", ", result.concurrency, " in flight");
  }
  absl::StrAppend(&text, " on ", Count(result.connections, "connection"));
  if (result.threads > 1) absl::StrAppend(&text, ", ", result.threads, " threads");
  return text;
}

std::string SummaryText(const Result& result, const Style& style) {
  const Measured& measured = result.measured;
  Table table({}, style);
  if (result.calls() > 0) {
    table.Add({"throughput", ThroughputText(result)});
  } else {
    table.Add({"throughput", std::string(NothingText(result))});
  }
  if (result.calls() > 0) table.Add({"latency", LatencyText(measured.latency)});
  if (result.calls() > 0) {
    table.Add({"", absl::StrCat("max ", Milliseconds(measured.latency.Max()), "  mean ",
                                Milliseconds(measured.latency.Mean()), "  deviation ",
                                Milliseconds(measured.latency.StandardDeviation()))});
  }
  table.Add({"calls", absl::StrCat(Thousands(static_cast<double>(result.calls())), " in ",
                                   SecondsText(result.duration))});
  table.Add({"errors", ErrorsText(measured, style)});
  if (result.retries) {
    table.Add({"sent again", Thousands(static_cast<double>(measured.sent_again))});
  }
  if (result.not_sent > 0) table.Add({"not sent", NotSentText(result, style)});
  if (result.in_flight > 0) {
    table.Add({"in flight", absl::StrCat(Thousands(static_cast<double>(result.in_flight)),
                                         " at the end, not counted")});
  }
  table.Add({"client CPU", CpuText(result)});
  if (result.compared.has_value()) {
    for (const std::string& line : result.compared->lines) table.Add({"compared", line});
  }
  for (const Verdict& verdict : Verdicts(result)) {
    table.Add({"fail_if", VerdictText(verdict, style)});
  }
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
  return {{"address", result.address},
          {"command", result.command_line},
          {"began", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", result.began, absl::UTCTimeZone())},
          {"host", HostJson(result.surroundings)},
          {"client_version", result.surroundings.client},
          {"grpc_version", result.surroundings.grpc},
          {"method", result.method},
          {"shape", result.shape},
          {"size", result.size},
          {"messages_per_call", result.messages},
          {"concurrency", result.concurrency},
          {"connections", result.connections},
          {"threads", result.threads},
          {"rate", result.rate},
          {"rate_from", result.rate_from},
          {"ramp_s", absl::ToDoubleSeconds(result.ramp)},
          {"warmup_s", absl::ToDoubleSeconds(result.warmup)},
          {"duration_s", absl::ToDoubleSeconds(result.duration)},
          {"calls", result.calls()},
          {"calls_per_second", result.CallsPerSecond()},
          {"bytes_per_second", result.BytesPerSecond()},
          {"messages_received", result.measured.messages_received},
          {"bytes_received", result.measured.bytes_received},
          {"messages_received_per_second", result.PerSecond(result.measured.messages_received)},
          {"bytes_received_per_second", result.PerSecond(result.measured.bytes_received)},
          {"latency_us", times},
          {"late_p99_us", us(result.measured.lateness.Percentile(99))},
          {"errors", errors},
          {"first_errors", first_errors},
          {"sent_again", result.measured.sent_again},
          {"due", result.due},
          {"due_and_not_sent", result.not_sent},
          {"rate_missed", !result.missed.empty()},
          {"in_flight_at_the_end", result.in_flight},
          {"disconnected_s", absl::ToDoubleSeconds(result.disconnected)},
          {"disconnected_at_the_end_s", absl::ToDoubleSeconds(result.disconnected_for)},
          {"unanswered_at_the_end_s", absl::ToDoubleSeconds(result.unanswered)},
          {"server_is_silent", !result.silent.empty()},
          {"interrupted", result.interrupted},
          {"client_cpu_s", absl::ToDoubleSeconds(result.cpu)},
          {"client_busy", result.busy},
          {"client_is_the_limit", result.client_is_the_limit},
          {"notes", result.Notes()},
          {"fail_if", VerdictsJson(Verdicts(result))},
          {"comparison", result.compared.has_value() ? result.compared->json : nullptr},
          {"histogram", HistogramJson(latency)},
          {"time_line", TimeLineJson(result.measured)}};
}

}  // namespace udsecho::client
