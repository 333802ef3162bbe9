// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/summary_csv.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/bench/summary.h"
#include "client/exit_code.h"
#include "nlohmann/json.hpp"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using Json = nlohmann::ordered_json;

// A column, and where its value is in SummaryJson().
constexpr std::pair<const char*, const char*> kColumns[] = {
    {"began", "/began"},
    {"address", "/address"},
    {"method", "/method"},
    {"shape", "/shape"},
    {"size", "/size"},
    {"messages_per_call", "/messages_per_call"},
    {"concurrency", "/concurrency"},
    {"connections", "/connections"},
    {"threads", "/threads"},
    {"rate", "/rate"},
    {"duration_s", "/duration_s"},
    {"calls", "/calls"},
    {"calls_per_second", "/calls_per_second"},
    {"bytes_per_second", "/bytes_per_second"},
    {"min_us", "/latency_us/min"},
    {"mean_us", "/latency_us/mean"},
    {"p50_us", "/latency_us/p50"},
    {"p90_us", "/latency_us/p90"},
    {"p99_us", "/latency_us/p99"},
    {"p99.9_us", "/latency_us/p99.9"},
    {"p99.99_us", "/latency_us/p99.99"},
    {"max_us", "/latency_us/max"},
    {"due", "/due"},
    {"due_and_not_sent", "/due_and_not_sent"},
    {"rate_missed", "/rate_missed"},
    {"in_flight_at_the_end", "/in_flight_at_the_end"},
    {"server_is_silent", "/server_is_silent"},
    {"interrupted", "/interrupted"},
    {"client_cpu_s", "/client_cpu_s"},
    {"client_is_the_limit", "/client_is_the_limit"},
    {"client_version", "/client_version"},
};

// Likewise, of later versions: after all others.
constexpr std::pair<const char*, const char*> kLaterColumns[] = {
    {"p95_us", "/latency_us/p95"},
    {"disconnected_s", "/disconnected_s"},
    {"messages_received", "/messages_received"},
    {"bytes_received", "/bytes_received"},
    {"messages_received_per_second", "/messages_received_per_second"},
    {"bytes_received_per_second", "/bytes_received_per_second"},
};

std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

std::string Decimal(double number) { return absl::StrFormat("%.15g", number); }

std::string Text(const Json& value) {
  if (value.is_string()) return Cell(uds::Printable(value.get<std::string>()));
  if (value.is_number_float()) return Decimal(value.get<double>());
  return value.is_null() ? "" : value.dump();
}

// "ABORTED=3 UNAVAILABLE=1": which codes there are is not known before.
std::string ByCode(const CodeCounts& ended) {
  std::vector<std::string> parts;
  for (int code = 1; code < kCodes; ++code) {
    if (ended[code] == 0) continue;
    parts.push_back(absl::StrCat(CodeName(static_cast<grpc::StatusCode>(code)), "=", ended[code]));
  }
  return absl::StrJoin(parts, " ");
}

std::string Failed(const Json& verdicts) {
  std::vector<std::string> failed;
  for (const Json& verdict : verdicts) {
    if (verdict["failed"].get<bool>()) failed.push_back(verdict["condition"].get<std::string>());
  }
  return Cell(absl::StrJoin(failed, ","));
}

}  // namespace

std::string SummaryCsv(const Result& result) {
  const Json json = SummaryJson(result);
  std::vector<std::string> names;
  std::vector<std::string> values;
  const auto add = [&](const char* name, const char* place) {
    const Json::json_pointer pointer(place);
    names.emplace_back(name);
    values.push_back(json.contains(pointer) ? Text(json[pointer]) : "");
  };
  for (const auto& [name, place] : kColumns) add(name, place);
  const auto errors = result.measured.errors();
  const auto ended = std::max<int64_t>(errors + result.calls(), 1);
  names.insert(names.end(), {"errors", "errors_percent", "errors_by_code", "failed"});
  values.insert(values.end(),
                {absl::StrCat(errors),
                 Decimal(100 * static_cast<double>(errors) / static_cast<double>(ended)),
                 ByCode(result.measured.ended), Failed(json["fail_if"])});
  for (const auto& [name, place] : kLaterColumns) add(name, place);
  return absl::StrCat(absl::StrJoin(names, ","), "\n", absl::StrJoin(values, ","));
}

std::string PointsCsv(const Result& result) {
  std::string csv =
      "from_s,to_s,calls,calls_per_second,errors,errors_per_second,p50_us,p90_us,p99_us,p99.9_us,"
      "max_us,errors_by_code";
  const TimeLine& line = result.measured.time_line;
  absl::Duration from;
  for (size_t i = 0; i < line.points().size(); ++i) {
    const Point& point = line.points()[i];
    const absl::Duration time = line.TimeOf(i);
    const double seconds = std::max(absl::ToDoubleSeconds(time), 1e-9);
    std::vector<std::string> cells = {Decimal(absl::ToDoubleSeconds(from)),
                                      Decimal(absl::ToDoubleSeconds(from + time)),
                                      absl::StrCat(point.calls()),
                                      Decimal(static_cast<double>(point.calls()) / seconds),
                                      absl::StrCat(point.errors()),
                                      Decimal(static_cast<double>(point.errors()) / seconds)};
    for (const double percent : {50.0, 90.0, 99.0, 99.9, 100.0}) {
      const absl::Duration value = percent == 100 ? point.slowest : point.Percentile(percent);
      cells.push_back(point.latency.count() == 0 ? "" : Decimal(RoundedMicroseconds(value)));
    }
    cells.push_back(ByCode(point.ended));
    absl::StrAppend(&csv, "\n", absl::StrJoin(cells, ","));
    from += time;
  }
  return csv;
}

}  // namespace udsecho::client
