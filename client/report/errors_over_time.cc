// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/errors_over_time.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/report/diagram.h"
#include "client/report/scale.h"
#include "client/report/time_axis.h"

namespace udsecho::client {
namespace {

// Equal parts of the time, each of which stands for as many points as the next one.
struct Columns {
  size_t count = 1;
  double seconds = 1;  // a column
  double end = 1;      // of the last one

  explicit Columns(const Runs& runs)
      : seconds(runs.now.points.front().seconds), end(runs.now.duration_s) {
    constexpr size_t kMost = 60;
    size_t points = runs.now.points.size();
    if (runs.before != nullptr && HasCourse(*runs.before)) {
      seconds = std::max(seconds, runs.before->points.front().seconds);
      points = std::max(points, runs.before->points.size());
      end = std::max(end, runs.before->duration_s);
    }
    const size_t points_a_column = (points + kMost - 1) / kMost;
    seconds *= static_cast<double>(points_a_column);
    count = static_cast<size_t>(std::clamp(std::ceil(end / seconds - 1e-6), 1.0, 2.0 * kMost));
  }
  double Begin(size_t column) const { return seconds * static_cast<double>(column); }
  double End(size_t column) const {
    return column + 1 < count ? Begin(column + 1) : std::max(end, Begin(column) + 1e-6);
  }
};

// Errors a second in each column.
std::vector<double> ErrorRates(const Record& run, const std::vector<double>& over_time,
                               const Columns& columns) {
  std::vector<double> rates(columns.count);
  for (size_t i = 0; i < run.points.size(); ++i) {
    const double middle = run.points[i].from + std::min(run.points[i].seconds, columns.seconds) / 2;
    const auto column = std::min(columns.count - 1, static_cast<size_t>(middle / columns.seconds));
    rates[column] += over_time[i] / (columns.End(column) - columns.Begin(column));
  }
  return rates;
}

// What the errors of a run are, of the most frequent codes, and of all others together.
std::vector<RecordErrors> MainErrors(const Record& run) {
  constexpr size_t kColours = 6;
  std::vector<RecordErrors> errors = run.errors;
  while (errors.size() > kColours) {
    const RecordErrors last = errors.back();
    errors.pop_back();
    errors.back().code = "others";
    for (size_t i = 0; i < last.over_time.size(); ++i) {
      errors.back().over_time[i] += last.over_time[i];
    }
  }
  return errors;
}

// One upon the other, in the order of the codes.
std::vector<Bars> Stacked(const Record& run, const std::vector<RecordErrors>& errors,
                          const Columns& columns, const TimeAxis& time, const Scale& scale) {
  std::vector<Bars> all;
  std::vector<double> bottoms(columns.count);
  for (const RecordErrors& each : errors) {
    Bars bars{.style = absl::StrCat("c", all.size()), .name = each.code};
    const std::vector<double> rates = ErrorRates(run, each.over_time, columns);
    for (size_t i = 0; i < columns.count; ++i) {
      const double bottom = bottoms[i];
      bottoms[i] += rates[i];
      if (rates[i] == 0) continue;
      bars.bars.push_back({.left = time.Place(columns.Begin(i)),
                           .right = time.Place(columns.End(i)),
                           .bottom = scale.Place(bottom),
                           .top = scale.Place(bottoms[i])});
    }
    all.push_back(std::move(bars));
  }
  return all;
}

std::vector<double> AllErrorRates(const Record& run, const Columns& columns) {
  std::vector<double> sums(columns.count);
  for (const RecordErrors& each : run.errors) {
    const std::vector<double> rates = ErrorRates(run, each.over_time, columns);
    for (size_t i = 0; i < columns.count; ++i) sums[i] += rates[i];
  }
  return sums;
}

}  // namespace

std::string ErrorsOverTime(const Runs& runs) {
  const TimeAxis time(runs);
  const Columns columns(runs);
  const std::vector<double> now = AllErrorRates(runs.now, columns);
  std::vector<double> then(columns.count);
  if (runs.before != nullptr) then = AllErrorRates(*runs.before, columns);
  const Scale scale = Scale::Linear(std::max(*std::max_element(now.begin(), now.end()),
                                             *std::max_element(then.begin(), then.end())));
  Diagram diagram{.label = "Errors over time", .y_title = "errors/s", .y_ticks = scale.ticks()};
  time.Title(&diagram);
  diagram.bars = Stacked(runs.now, MainErrors(runs.now), columns, time, scale);
  if (runs.before != nullptr && runs.before->failed() > 0) {
    Line line{.style = "target d1", .name = "all before"};
    for (size_t i = 0; i < columns.count; ++i) {
      const double middle = (columns.Begin(i) + columns.End(i)) / 2;
      if (middle > runs.before->duration_s) break;
      line.places.emplace_back(Place{time.Place(middle), scale.Place(then[i])});
    }
    diagram.lines.push_back(line);
  }
  // The legend has two names or more.
  if (diagram.bars.size() == 1 && diagram.lines.empty()) {
    diagram.y_title = absl::StrCat("errors/s: ", diagram.bars[0].name);
  }
  return diagram.Figure();
}

}  // namespace udsecho::client
