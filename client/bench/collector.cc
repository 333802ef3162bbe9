// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/collector.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace udsecho::client {
namespace {

constexpr absl::Duration kFirstPoint = absl::Milliseconds(100);

int64_t ErrorsOf(const std::array<int64_t, kCodes>& ended) {
  return std::accumulate(ended.begin() + 1, ended.end(), int64_t{0});
}

// Each two in one.
void Halve(std::vector<Point>* points) {
  for (size_t i = 0; i < points->size(); i += 2) {
    Point merged = (*points)[i];
    if (i + 1 < points->size()) {
      const Point& next = (*points)[i + 1];
      merged.calls += next.calls;
      merged.errors += next.errors;
      merged.slowest = std::max(merged.slowest, next.slowest);
    }
    (*points)[i / 2] = merged;
  }
  points->resize((points->size() + 1) / 2);
}

}  // namespace

void Interval::Clear() {
  latency.Clear();
  lateness.Clear();
  late.fill(0);
  ended.fill(0);
  for (std::string& text : first_errors) text.clear();
  bytes_received = 0;
}

int64_t Measured::errors() const { return ErrorsOf(ended); }

void Collector::Begin(std::chrono::steady_clock::time_point begin) {
  const std::lock_guard<std::mutex> lock(mutex_);
  begin_ = begin;
  measured_.point = kFirstPoint;
}

void Collector::Add(const Interval& interval) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const int64_t errors = ErrorsOf(interval.ended);
  recent_.Add(interval.latency);
  recent_errors_ += errors;
  if (!interval.counts) return;
  measured_.latency.Add(interval.latency);
  measured_.lateness.Add(interval.lateness);
  for (int reason = 0; reason < kReasons; ++reason) measured_.late[reason] += interval.late[reason];
  for (int code = 0; code < kCodes; ++code) {
    measured_.ended[code] += interval.ended[code];
    std::string& first = measured_.first_errors[code];
    if (first.empty()) first = interval.first_errors[code];
  }
  measured_.bytes_received += interval.bytes_received;
  AddPoint(interval, interval.ended[0], errors);
}

void Collector::AddPoint(const Interval& interval, int64_t calls, int64_t errors) {
  // The middle of the interval, so that none falls on a border by a hair.
  const absl::Duration since = absl::FromChrono(interval.at - begin_) - kFirstPoint / 2;
  auto index = static_cast<size_t>(std::max(0.0, absl::FDivDuration(since, measured_.point)));
  while (index >= kPoints) {
    Halve(&measured_.points);
    measured_.point *= 2;
    index /= 2;
  }
  if (index >= measured_.points.size()) measured_.points.resize(index + 1);
  Point& point = measured_.points[index];
  point.calls += calls;
  point.errors += errors;
  point.slowest = std::max(point.slowest, interval.latency.Max());
}

Collector::Recently Collector::Recent() {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Recently recently = {.calls = recent_.count(),
                             .errors = std::exchange(recent_errors_, 0),
                             .p50 = recent_.Percentile(50),
                             .p99 = recent_.Percentile(99)};
  recent_.Clear();
  return recently;
}

Measured Collector::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exchange(measured_, Measured());
}

}  // namespace udsecho::client
