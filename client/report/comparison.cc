// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/comparison.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/bench/result.h"

namespace udsecho::client {
namespace {

constexpr size_t kParts = 10;
// What a histogram's bins of half a percent make of equal runs.
constexpr double kLeastNoise = 1;
// With more than that, even a run that came to a halt would be noise.
constexpr double kMostNoise = 100;

struct Sample {
  double value = 0;
  double weight = 0;
};
using OfPoint = std::function<Sample(const RecordPoint&)>;

// In percent; unset if there are fewer points than parts, or nothing in them.
std::optional<double> Spread(const Record& run, const OfPoint& sample) {
  if (run.points.size() < kParts) return std::nullopt;
  std::vector<double> means;
  for (size_t part = 0; part < kParts; ++part) {
    double sum = 0;
    double weight = 0;
    const size_t end = (part + 1) * run.points.size() / kParts;
    for (size_t i = part * run.points.size() / kParts; i < end; ++i) {
      const Sample each = sample(run.points[i]);
      sum += each.value * each.weight;
      weight += each.weight;
    }
    if (weight > 0) means.push_back(sum / weight);
  }
  double mean = 0;
  for (const double each : means) mean += each / static_cast<double>(means.size());
  if (means.size() < kParts || mean <= 0) return std::nullopt;
  double squares = 0;
  for (const double each : means) squares += (each - mean) * (each - mean);
  return 100 * std::sqrt(squares / (kParts - 1)) / mean;
}

OfPoint OfLatency(double RecordPoint::Latency::*which) {
  return [which](const RecordPoint& point) {
    return point.latency.has_value() ? Sample{(*point.latency).*which, point.calls} : Sample{};
  };
}

Sample OfThroughput(const RecordPoint& point) {
  return {.value = point.calls / point.seconds, .weight = point.seconds};
}

struct Row {
  const char* name;
  std::function<std::optional<double>(const Record&)> value;
  std::function<std::string(double)> text;
  bool more_is_better = false;
  OfPoint sample;  // none: it is not judged
};

std::function<std::optional<double>(const Record&)> Of(double RecordLatency::*which) {
  return [which](const Record& run) {
    return run.latency.has_value() ? std::optional<double>((*run.latency).*which) : std::nullopt;
  };
}

std::vector<Row> Rows() {
  using L = RecordLatency;
  using P = RecordPoint::Latency;
  const auto throughput = [](const Record& run) {
    return std::optional<double>(run.calls_per_second);
  };
  const auto errors = [](const Record& run) {
    return std::optional<double>(100 * run.failed() / std::max(run.failed() + run.calls, 1.0));
  };
  const auto cpu = [](const Record& run) {
    return run.calls > 0 ? std::optional<double>(1e6 * run.client_cpu_s / run.calls) : std::nullopt;
  };
  const auto share = [](double value) { return absl::StrFormat("%.3g %%", value); };
  const auto micro = [](double value) {
    constexpr double kLong = 1e4;
    return value < kLong ? absl::StrCat(CountText(value), " µs") : LatencyText(value);
  };
  return {{"calls/s", throughput, CountText, true, OfThroughput},
          {"mean", Of(&L::mean), LatencyText, false, OfLatency(&P::p50)},
          {"p50", Of(&L::p50), LatencyText, false, OfLatency(&P::p50)},
          {"p90", Of(&L::p90), LatencyText, false, OfLatency(&P::p90)},
          // There is none over time: its noise is not more than that of p99.
          {"p95", Of(&L::p95), LatencyText, false, OfLatency(&P::p99)},
          {"p99", Of(&L::p99), LatencyText, false, OfLatency(&P::p99)},
          {"p99.9", Of(&L::p99_9), LatencyText, false, OfLatency(&P::p99_9)},
          {"p99.99", Of(&L::p99_99), LatencyText, false, nullptr},
          {"max", Of(&L::max), LatencyText, false, nullptr},
          {"errors", errors, share, false, nullptr},
          {"client CPU a call", cpu, micro, false, nullptr}};
}

Difference DifferenceOf(const Row& row, const Record& before, const Record& now, bool judged) {
  const std::optional<double> then = row.value(before);
  const std::optional<double> here = row.value(now);
  Difference difference{.name = row.name,
                        .before = then.has_value() ? row.text(*then) : "-",
                        .now = here.has_value() ? row.text(*here) : "-"};
  if (!then.has_value() || !here.has_value() || *then <= 0) return difference;
  difference.percent = 100 * (*here - *then) / *then;
  if (row.sample == nullptr || !judged) return difference;
  const std::optional<double> spread_then = Spread(before, row.sample);
  const std::optional<double> spread_here = Spread(now, row.sample);
  if (!spread_then.has_value() || !spread_here.has_value()) return difference;
  difference.noise = std::max(kLeastNoise, 2 * std::max(*spread_then, *spread_here));
  if (*difference.noise > kMostNoise) {
    difference.verdict = Difference::Verdict::kUnsteady;
  } else if (std::abs(*difference.percent) <= *difference.noise) {
    difference.verdict = Difference::Verdict::kNoise;
  } else {
    difference.verdict = (*difference.percent > 0) == row.more_is_better
                             ? Difference::Verdict::kBetter
                             : Difference::Verdict::kWorse;
  }
  return difference;
}

std::vector<std::string> Obstacles(const Record& before, const Record& now) {
  std::vector<std::string> obstacles;
  const auto number = [&](const char* what, double Record::*which) {
    if (before.*which == now.*which) return;
    obstacles.push_back(
        absl::StrFormat("%s: %.12g before, %.12g now", what, before.*which, now.*which));
  };
  const auto text = [&](const char* what, const std::string& then, const std::string& here) {
    if (then != here)
      obstacles.push_back(absl::StrCat(what, ": ", then, " before, ", here, " now"));
  };
  text("shape", before.shape, now.shape);
  if (!before.method.empty() && before.shape == now.shape) {
    text("method", before.method, now.method);
  }
  number("bytes a message", &Record::size);
  number("messages a call", &Record::messages);
  number("calls in flight", &Record::concurrency);
  number("connections", &Record::connections);
  number("client threads", &Record::threads);
  number("target rate in calls/s", &Record::rate);
  number("seconds of its ramp", &Record::ramp_s);
  if (before.ramp_s > 0 && now.ramp_s > 0) {
    number("calls/s at the ramp's begin", &Record::rate_from);
  }
  return obstacles;
}

std::vector<std::string> Cautions(const Record& before, const Record& now) {
  std::vector<std::string> cautions;
  const auto text = [&](const char* what, const std::string& then, const std::string& here) {
    if (then != here) cautions.push_back(absl::StrCat(what, ": ", then, " before, ", here, " now"));
  };
  text("another CPU", before.cpu, now.cpu);
  text("another kernel", before.kernel, now.kernel);
  text("another number of cores", absl::StrFormat("%.12g", before.cores),
       absl::StrFormat("%.12g", now.cores));
  text("another client", absl::StrCat(before.client, " with gRPC ", before.grpc),
       absl::StrCat(now.client, " with gRPC ", now.grpc));
  if (before.interrupted) cautions.emplace_back("the run before was ended by Ctrl-C");
  if (now.interrupted) cautions.emplace_back("this run was ended by Ctrl-C");
  const double longer = std::max(before.duration_s, now.duration_s);
  if (longer > 2 * std::min(before.duration_s, now.duration_s)) {
    cautions.push_back(absl::StrFormat("another duration: %.3g s before, %.3g s now",
                                       before.duration_s, now.duration_s));
  }
  return cautions;
}

}  // namespace

Comparison Compare(const Record& before, const Record& now) {
  Comparison comparison{
      .obstacles = Obstacles(before, now), .cautions = Cautions(before, now), .differences = {}};
  for (const Row& row : Rows()) {
    comparison.differences.push_back(DifferenceOf(row, before, now, comparison.obstacles.empty()));
  }
  return comparison;
}

std::string PercentText(double percent) {
  constexpr double kTenfold = 900;
  if (percent < kTenfold) return absl::StrFormat("%+.1f %%", percent);
  return absl::StrFormat("×%.3g", 1 + percent / 100);
}

std::string CountText(double number) {
  constexpr double kSmall = 99.95;
  constexpr double kLong = 1e10;
  return number >= kSmall && number < kLong ? Thousands(number) : absl::StrFormat("%.3g", number);
}

std::string LatencyText(double microseconds) {
  constexpr double kLong = 99'999.5;  // ms
  constexpr double kNever = 1e9;      // ms
  const double ms = microseconds / 1000;
  if (ms >= kNever) return absl::StrFormat("%.3g s", ms / 1000);
  if (ms >= kLong) return absl::StrCat(CountText(ms / 1000), " s");
  if (ms >= 99.95) return absl::StrCat(CountText(ms), " ms");
  return absl::StrFormat("%.*f ms", ms >= 9.995 ? 1 : ms >= 0.9995 ? 2 : 3, ms);
}

}  // namespace udsecho::client
