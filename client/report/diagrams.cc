// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/diagrams.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/report/diagram.h"
#include "client/report/errors_over_time.h"
#include "client/report/scale.h"
#include "client/report/time_axis.h"

namespace udsecho::client {
namespace {

constexpr char kNow[] = "c0";
constexpr char kBefore[] = "c1";

double Milli(double microseconds) { return microseconds / 1000; }

double RateOf(const RecordPoint& point) { return point.calls / point.seconds; }
// Also of calls that failed.
double EndedRateOf(const RecordPoint& point) {
  return (point.calls + point.errors) / point.seconds;
}

Line RateLine(const Record& run, const TimeAxis& time, const Scale& scale,
              double (*rate_of)(const RecordPoint&) = RateOf) {
  Line line;
  for (const RecordPoint& point : run.points) {
    line.places.emplace_back(Place{time.PlaceOf(point), scale.Place(rate_of(point))});
  }
  return line;
}

// What was to be reached: level, after a ramp if there was one.
Line TargetLine(const Record& run, const TimeAxis& time, const Scale& scale) {
  Line line{.style = "target d2", .name = "target", .places = {}};
  const double end = std::min(run.ramp_s, run.duration_s);
  if (end > 0) {
    const double reached = run.rate_from + (run.rate - run.rate_from) * end / run.ramp_s;
    line.places.emplace_back(Place{0, scale.Place(run.rate_from)});
    line.places.emplace_back(Place{time.Place(end), scale.Place(reached)});
    if (end == run.duration_s) return line;
  } else {
    line.places.emplace_back(Place{0, scale.Place(run.rate)});
  }
  line.places.emplace_back(Place{1, scale.Place(run.rate)});
  return line;
}

std::string Throughput(const Runs& runs) {
  double most = std::max(runs.now.rate, runs.now.rate_from);
  for (const RecordPoint& point : runs.now.points) most = std::max(most, EndedRateOf(point));
  if (runs.before != nullptr) {
    for (const RecordPoint& point : runs.before->points) most = std::max(most, RateOf(point));
  }
  const bool fails = runs.now.failed() > 0;
  const TimeAxis time(runs);
  const Scale scale = Scale::Linear(most);
  Diagram diagram{.label = "Throughput over time", .y_title = "calls/s"};
  time.Title(&diagram);
  diagram.y_ticks = scale.ticks();
  if (runs.before != nullptr && HasCourse(*runs.before)) {
    diagram.lines.push_back(RateLine(*runs.before, time, scale));
    diagram.lines.back().style = absl::StrCat(kBefore, " d1");
    diagram.lines.back().name = "before";
  }
  // Where calls fail, the rate may be kept all the same. What succeeded is drawn above it.
  if (fails) {
    diagram.lines.push_back(RateLine(runs.now, time, scale, EndedRateOf));
    diagram.lines.back().style = "c2 d1";
    diagram.lines.back().name = "succeeded or failed";
  }
  diagram.lines.push_back(RateLine(runs.now, time, scale));
  diagram.lines.back().style = kNow;
  diagram.lines.back().name = fails ? "succeeded" : runs.before != nullptr ? "now" : "achieved";
  diagram.lines.back().has_area = true;
  if (runs.now.rate > 0) diagram.lines.push_back(TargetLine(runs.now, time, scale));
  return diagram.Figure();
}

using PointLatency = RecordPoint::Latency;

Line LatencyLine(const Record& run, const TimeAxis& time, const Scale& scale,
                 double PointLatency::*which) {
  Line line;
  for (const RecordPoint& point : run.points) {
    if (point.latency.has_value()) {
      line.places.emplace_back(
          Place{time.PlaceOf(point), scale.Place(Milli((*point.latency).*which))});
    } else if (point.calls == 0) {
      line.places.emplace_back();
    }
  }
  return line;
}

std::string LatencyOverTime(const Runs& runs) {
  double least = HUGE_VAL;
  double most = 0;
  for (const Record* run : {&runs.now, runs.before}) {
    if (run == nullptr || !HasCourse(*run)) continue;
    for (const RecordPoint& point : run->points) {
      if (!point.latency.has_value()) continue;
      least = std::min(least, point.latency->p50);
      most = std::max(most, point.latency->max);
    }
  }
  const TimeAxis time(runs);
  const Scale scale = Scale::Logarithmic(Milli(least), Milli(most));
  Diagram diagram{.label = "Latency over time", .y_title = "milliseconds, logarithmic"};
  time.Title(&diagram);
  diagram.y_ticks = scale.ticks();
  const bool two = runs.before != nullptr;
  struct Each {
    const char* name;
    double PointLatency::*which;
    const char* colour;
    const char* dash;
  };
  const Each all[] = {{"max", &PointLatency::max, "c2", " d2"},
                      {"p99", &PointLatency::p99, "c1", " d1"},
                      {"p50", &PointLatency::p50, "c0", ""}};
  for (const Each& each : all) {
    if (two && HasCourse(*runs.before)) {
      diagram.lines.push_back(LatencyLine(*runs.before, time, scale, each.which));
      diagram.lines.back().style = absl::StrCat(kBefore, each.dash);
      diagram.lines.back().name = absl::StrCat(each.name, " before");
    }
    diagram.lines.push_back(LatencyLine(runs.now, time, scale, each.which));
    diagram.lines.back().style = absl::StrCat(two ? kNow : each.colour, each.dash);
    diagram.lines.back().name = absl::StrCat(each.name, two ? " now" : "");
  }
  return diagram.Figure();
}

Line PercentileLine(const Record& run, const Scale& percent, const Scale& scale) {
  constexpr int kSteps = 240;
  Line line;
  const double end = percent.Place(100 * (1 - 1 / std::max(run.calls, 1.0)));
  for (int i = 0; i <= kSteps; ++i) {
    const double place = end * i / kSteps;
    const double value = run.Percentile(percent.ValueAt(place));
    line.places.emplace_back(Place{place, scale.Place(Milli(value))});
  }
  line.places.emplace_back(Place{end, scale.Place(Milli(run.latency->max))});
  return line;
}

std::string Percentiles(const Runs& runs) {
  const Record* const before =
      runs.before != nullptr && runs.before->latency.has_value() ? runs.before : nullptr;
  double count = runs.now.calls;
  double least = runs.now.Percentile(0);
  double most = runs.now.latency->max;
  if (before != nullptr) {
    count = std::max(count, before->calls);
    least = std::min(least, before->Percentile(0));
    most = std::max(most, before->latency->max);
  }
  const Scale percent = Scale::Nines(count);
  const Scale scale = Scale::Logarithmic(Milli(least), Milli(most));
  Diagram diagram{.label = "Latency by percentile",
                  .x_title = "percentile",
                  .y_title = "milliseconds, logarithmic",
                  .x_ticks = percent.ticks(),
                  .y_ticks = scale.ticks()};
  if (before != nullptr) {
    diagram.lines.push_back(PercentileLine(*before, percent, scale));
    diagram.lines.back().style = absl::StrCat(kBefore, " d1");
    diagram.lines.back().name = "before";
  }
  diagram.lines.push_back(PercentileLine(runs.now, percent, scale));
  diagram.lines.back().style = kNow;
  diagram.lines.back().name = "now";
  diagram.lines.back().has_area = true;
  return diagram.Figure();
}

// The share of all calls in each of so many parts of the scale, in percent.
std::vector<double> Shares(const Record& run, const Scale& scale, size_t parts) {
  constexpr double kBin = 1.02;  // a bin's end by its beginning
  std::vector<double> shares(parts);
  for (const RecordBin& bin : run.histogram) {
    const double right = scale.Place(Milli(bin.up_to)) * static_cast<double>(parts);
    const double left = scale.Place(Milli(bin.up_to / kBin)) * static_cast<double>(parts);
    const double share = 100 * bin.calls / std::max(run.calls, 1.0);
    // Evenly over the parts that it lies in, or some would have two bins and others one.
    for (auto i = static_cast<size_t>(left); i < parts && static_cast<double>(i) <= right; ++i) {
      const double begin = std::max(left, static_cast<double>(i));
      const double end = std::min(right, static_cast<double>(i + 1));
      const double part = right > left ? std::max(0.0, end - begin) / (right - left) : 1;
      shares[i] += share * part;
      if (right <= left) break;
    }
  }
  return shares;
}

std::string LatencyHistogram(const Runs& runs) {
  constexpr size_t kParts = 60;
  const Record* const before =
      runs.before != nullptr && runs.before->latency.has_value() ? runs.before : nullptr;
  double least = runs.now.Percentile(0) / 1.02;
  double most = runs.now.latency->max;
  if (before != nullptr) {
    least = std::min(least, before->Percentile(0) / 1.02);
    most = std::max(most, before->latency->max);
  }
  const Scale scale = Scale::Logarithmic(Milli(least), Milli(most));
  const std::vector<double> now = Shares(runs.now, scale, kParts);
  std::vector<double> then;
  if (before != nullptr) then = Shares(*before, scale, kParts);
  double top = *std::max_element(now.begin(), now.end());
  for (const double share : then) top = std::max(top, share);
  const Scale share = Scale::Linear(top);
  Diagram diagram{.label = "Histogram of the latency",
                  .x_title = "milliseconds, logarithmic",
                  .y_title = "% of the calls",
                  .x_ticks = scale.ticks(),
                  .y_ticks = share.ticks()};
  Bars bars{.style = kNow, .name = "now"};
  for (size_t i = 0; i < kParts; ++i) {
    if (now[i] == 0) continue;
    bars.bars.push_back({.left = static_cast<double>(i) / kParts,
                         .right = static_cast<double>(i + 1) / kParts,
                         .bottom = 0,
                         .top = share.Place(now[i])});
  }
  diagram.bars.push_back(bars);
  if (before != nullptr) {
    Line line{.style = absl::StrCat(kBefore, " d1"), .name = "before"};
    for (size_t i = 0; i < kParts; ++i) {
      for (const size_t side : {i, i + 1}) {
        line.places.emplace_back(Place{static_cast<double>(side) / kParts, share.Place(then[i])});
      }
    }
    diagram.lines.push_back(line);
  }
  return diagram.Figure();
}

std::string Section(const char* title, const std::string& html) {
  return absl::StrCat("<section>\n<h2>", title, "</h2>\n", html, "</section>\n");
}

}  // namespace

std::string Diagrams(const Runs& runs) {
  std::string html;
  const bool any = runs.now.latency.has_value();
  if (!HasCourse(runs.now) && (any || runs.now.failed() > 0)) {
    absl::StrAppend(&html,
                    "<p class=\"note\">The run was too short for diagrams over time: less than "
                    "0.3 s.</p>\n");
  }
  if (any && HasCourse(runs.now)) {
    absl::StrAppend(&html, Section("Throughput over time", Throughput(runs)),
                    Section("Latency over time", LatencyOverTime(runs)));
  }
  if (any) {
    absl::StrAppend(&html, Section("Latency by percentile", Percentiles(runs)),
                    Section("Histogram of the latency", LatencyHistogram(runs)));
  }
  const bool errors_before = runs.before != nullptr && runs.before->failed() > 0;
  if (HasCourse(runs.now) && (runs.now.failed() > 0 || errors_before)) {
    absl::StrAppend(&html, Section("Errors over time", ErrorsOverTime(runs)));
  }
  return html;
}

}  // namespace udsecho::client
