// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/page.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "client/bench/summary.h"
#include "client/exit_code.h"
#include "client/report/diagram.h"
#include "client/statistics.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

constexpr char kPage[] = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$TITLE</title>
<style>
:root { --text: #1b1f24; --quiet: #59636e; --back: #ffffff; --panel: #f6f8fa; --rule: #d1d9e0;
        --line: #0b63c5; --warn: #9a3b00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9aa4af; --back: #0d1117; --panel: #161b22; --rule: #30363d;
          --line: #58a6ff; --warn: #ffa657; } }
body { margin: 0 auto; padding: 2rem 1rem 3rem; max-width: 50rem; color: var(--text);
       background: var(--back); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--quiet); }
.note { color: var(--warn); }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: .75rem;
           margin: 1.25rem 0; padding: 0; }
.numbers div { background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
               padding: .6rem .8rem; }
.numbers dt { color: var(--quiet); font-size: .85rem; }
.numbers dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
figure { margin: 0; background: var(--panel); border: 1px solid var(--rule); border-radius: 6px;
         padding: .5rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--quiet); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--rule); } .axis { stroke: var(--quiet); }
.line { fill: none; stroke: var(--line); stroke-width: 2; stroke-linejoin: round; }
.area { fill: var(--line); opacity: .12; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem 1rem .2rem 0; text-align: left; font-weight: normal; }
th { color: var(--quiet); } td { text-align: right; } td.why { text-align: left; }
</style>
</head>
<body>
<h1>$TITLE</h1>
<p>$SETTING</p>
<p>$TIME</p>
$NOTE<dl class="numbers">
$NUMBERS</dl>
$DIAGRAMS<h2>Calls by status</h2>
<table>
$CODES</table>
</body>
</html>
)";

std::string Number(const std::string& name, const std::string& value) {
  return absl::StrCat("<div><dt>", name, "</dt><dd>", value, "</dd></div>\n");
}

std::string Numbers(const Result& result) {
  const Histogram& latency = result.measured.latency;
  const auto time = [&](absl::Duration value) {
    return latency.count() > 0 ? Milliseconds(value) : "-";
  };
  std::string numbers = absl::StrCat(Number("calls/s", Thousands(result.CallsPerSecond())));
  for (const auto& [name, percent] : std::vector<std::pair<const char*, double>>{
           {"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 99.9}, {"p99.99", 99.99}}) {
    absl::StrAppend(&numbers, Number(name, time(latency.Percentile(percent))));
  }
  absl::StrAppend(&numbers, Number("max", time(latency.Max())),
                  Number("mean", time(latency.Mean())),
                  Number("errors", Thousands(static_cast<double>(result.measured.errors()))));
  if (result.rate > 0) {
    absl::StrAppend(&numbers, Number("not sent", Thousands(static_cast<double>(result.not_sent))));
  }
  const double cores = absl::FDivDuration(result.cpu, result.duration);
  absl::StrAppend(&numbers, Number("client CPU", absl::StrFormat("%.0f %%", 100 * cores)));
  return numbers;
}

// Each nine as wide as the one before it, as far as there are calls enough to tell.
std::string LatencyDiagram(const Histogram& latency) {
  constexpr int kNines = 5;
  constexpr int kSteps = 40;  // a nine
  const double nines = std::clamp(std::log10(std::max(static_cast<double>(latency.count()), 10.0)),
                                  1.0, 1.0 * kNines);
  std::vector<Place> line;
  const std::vector<double> scale = RoundSteps(absl::ToDoubleMilliseconds(latency.Max()), 5);
  const int last = static_cast<int>(std::ceil(nines * kSteps));
  for (int i = 0; i <= last && latency.count() > 0; ++i) {
    const double nine = std::min(nines, static_cast<double>(i) / kSteps);
    const double percent = 100 * (1 - std::pow(10, -nine));
    const double value = absl::ToDoubleMilliseconds(latency.Percentile(percent));
    line.push_back({nine / nines, value / scale.back()});
  }
  Diagram diagram = {.label = "Latency by percentile",
                     .x_title = "percentile",
                     .y_title = "milliseconds",
                     .x_ticks = {{0, "0"}},
                     .y_ticks = {}};
  const char* const names[] = {"90", "99", "99.9", "99.99", "99.999"};
  if (nines > 1) diagram.x_ticks.push_back({std::log10(2) / nines, "50"});
  for (int nine = 1; nine <= static_cast<int>(nines); ++nine) {
    diagram.x_ticks.push_back({nine / nines, names[nine - 1]});
  }
  for (const double step : scale) {
    diagram.y_ticks.push_back({step / scale.back(), absl::StrFormat("%g", step)});
  }
  return diagram.Svg(line);
}

std::string ThroughputDiagram(const Measured& measured) {
  const double point = std::max(absl::ToDoubleSeconds(measured.point), 1e-9);
  // The last one is cut off somewhere.
  const size_t count =
      measured.points.size() > 2 ? measured.points.size() - 1 : measured.points.size();
  double most = 0;
  for (size_t i = 0; i < count; ++i) {
    most = std::max(most, static_cast<double>(measured.points[i].calls) / point);
  }
  const std::vector<double> scale = RoundSteps(most, 5);
  const double seconds = std::max(point * static_cast<double>(count), point);
  std::vector<Place> line;
  for (size_t i = 0; i < count; ++i) {
    const double rate = static_cast<double>(measured.points[i].calls) / point;
    line.push_back({(static_cast<double>(i) + 0.5) * point / seconds, rate / scale.back()});
  }
  Diagram diagram = {.label = "Throughput over time",
                     .x_title = "seconds",
                     .y_title = "calls/s",
                     .x_ticks = {},
                     .y_ticks = {}};
  for (const double step : RoundSteps(seconds, 8)) {
    if (step <= seconds * 1.0001) {
      diagram.x_ticks.push_back({step / seconds, absl::StrFormat("%g", step)});
    }
  }
  for (const double step : scale) diagram.y_ticks.push_back({step / scale.back(), Thousands(step)});
  return diagram.Svg(line);
}

std::string Codes(const Measured& measured) {
  std::string rows;
  for (int code = 0; code < kCodes; ++code) {
    if (measured.ended[code] == 0 && code != 0) continue;
    absl::StrAppend(&rows, "<tr><th>", CodeName(static_cast<grpc::StatusCode>(code)), "</th><td>",
                    Thousands(static_cast<double>(measured.ended[code])), "</td><td class=\"why\">",
                    Escaped(uds::Printable(measured.first_errors[code])), "</td></tr>\n");
  }
  return rows;
}

// None where there is nothing to draw: axes of nothing would be made up.
std::string Diagrams(const Result& result) {
  if (result.calls() == 0) {
    return absl::StrCat("<p class=\"note\">", Escaped(std::string(NothingText(result))),
                        ": there are no latency and no throughput to draw</p>\n");
  }
  return absl::StrCat("<h2>Latency by percentile</h2>\n<figure>\n",
                      LatencyDiagram(result.measured.latency),
                      "</figure>\n<h2>Throughput over time</h2>\n<figure>\n",
                      ThroughputDiagram(result.measured), "</figure>\n");
}

}  // namespace

std::string ReportPage(const Result& result) {
  std::string note;
  for (const std::string& sentence : result.Notes()) {
    absl::StrAppend(&note, "<p class=\"note\">", Escaped(sentence), "</p>\n");
  }
  const std::string time = absl::StrFormat(
      "%.1f s from %s on, after %g s of warm-up", absl::ToDoubleSeconds(result.duration),
      absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", result.began, absl::LocalTimeZone()),
      absl::ToDoubleSeconds(result.warmup));
  return absl::StrReplaceAll(kPage, {{"$TITLE", Escaped(result.address)},
                                     {"$SETTING", Escaped(Setting(result))},
                                     {"$TIME", Escaped(time)},
                                     {"$NOTE", note},
                                     {"$NUMBERS", Numbers(result)},
                                     {"$DIAGRAMS", Diagrams(result)},
                                     {"$CODES", Codes(result.measured)}});
}

}  // namespace udsecho::client
