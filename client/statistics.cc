// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/statistics.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace udsecho::client {
namespace {

std::string Number(absl::Duration duration) {
  return absl::StrFormat("%.3f", absl::ToDoubleMilliseconds(duration));
}

}  // namespace

std::string Milliseconds(absl::Duration duration) { return absl::StrCat(Number(duration), " ms"); }

std::string Statistics::Text() const {
  const int64_t lost = sent_ - received();
  std::string text = absl::StrFormat(
      "--- %s ---\n%d sent, %d received, %.3g%% lost, in %.3f s", where_, sent_, received(),
      sent_ == 0 ? 0.0 : 100.0 * static_cast<double>(lost) / static_cast<double>(sent_),
      absl::ToDoubleSeconds(MonotonicNow() - begin_));
  if (received() == 0) return text;
  absl::StrAppend(&text, "\nround trip min/avg/max/mdev = ", Number(times_.Min()), "/",
                  Number(times_.Mean()), "/", Number(times_.Max()), "/",
                  Number(times_.StandardDeviation()),
                  " ms, p50/p90/p99 = ", Number(times_.Percentile(50)), "/",
                  Number(times_.Percentile(90)), "/", Number(times_.Percentile(99)), " ms");
  return text;
}

nlohmann::ordered_json Statistics::Json() const {
  const auto us = [](absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); };
  nlohmann::ordered_json json = {{"sent", sent_}, {"received", received()}};
  if (received() > 0) {
    json["round_trip_us"] = {
        {"min", us(times_.Min())},          {"avg", us(times_.Mean())},
        {"max", us(times_.Max())},          {"mdev", us(times_.StandardDeviation())},
        {"p50", us(times_.Percentile(50))}, {"p90", us(times_.Percentile(90))},
        {"p99", us(times_.Percentile(99))}};
  }
  return {{"statistics", json}};
}

}  // namespace udsecho::client
