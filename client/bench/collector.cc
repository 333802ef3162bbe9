// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/collector.h"

#include <algorithm>
#include <utility>

namespace udsecho::client {
namespace {

// Of an interval that does not say when it began.
constexpr std::chrono::milliseconds kInterval{100};

}  // namespace

void Interval::Clear() {
  began = at;
  latency.Clear();
  lateness.Clear();
  late.fill(0);
  ended.fill(0);
  for (std::string& text : first_errors) text.clear();
  messages_received = bytes_received = sent_again = 0;
}

void Collector::Begin(std::chrono::steady_clock::time_point begin) {
  const std::lock_guard<std::mutex> lock(mutex_);
  begin_ = begin;
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
  measured_.messages_received += interval.messages_received;
  measured_.bytes_received += interval.bytes_received;
  measured_.sent_again += interval.sent_again;
  AddToTimeLine(interval);
}

void Collector::AddToTimeLine(const Interval& interval) {
  auto began = interval.began;
  if (began == std::chrono::steady_clock::time_point()) began = interval.at - kInterval;
  measured_.time_line.Add(absl::FromChrono(began - begin_), absl::FromChrono(interval.at - begin_),
                          interval.ended, interval.latency);
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
