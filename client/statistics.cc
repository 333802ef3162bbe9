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
  const std::lock_guard<std::mutex> lock(mutex_);
  std::string text = absl::StrFormat("--- %s ---\n%d sent, %d received%s, %.3g%% lost, in %.3f s",
                                     where_, sent_, times_.count(), Again(), LostPercent(),
                                     absl::ToDoubleSeconds(MonotonicNow() - begin_));
  if (times_.count() > 0) absl::StrAppend(&text, "\nround trip ", Times());
  return text;
}

std::string Statistics::Line() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return absl::StrFormat("%d/%d received%s, %.3g%% lost%s", times_.count(), sent_, Again(),
                         LostPercent(), times_.count() > 0 ? absl::StrCat(", ", Times()) : "");
}

// The caller holds the lock, as for what follows.
double Statistics::LostPercent() const {
  const auto lost = static_cast<double>(sent_ - times_.count());
  return sent_ == 0 ? 0.0 : 100.0 * lost / static_cast<double>(sent_);
}

std::string Statistics::Again() const {
  return sent_again_ ? absl::StrCat(", ", sent_again_(), " sent again") : "";
}

std::string Statistics::Times() const {
  return absl::StrCat("min/avg/max/mdev = ", Number(times_.Min()), "/", Number(times_.Mean()), "/",
                      Number(times_.Max()), "/", Number(times_.StandardDeviation()),
                      " ms, p50/p90/p99 = ", Number(times_.Percentile(50)), "/",
                      Number(times_.Percentile(90)), "/", Number(times_.Percentile(99)), " ms");
}

nlohmann::ordered_json Statistics::Json() const {
  const auto us = [](absl::Duration duration) { return absl::ToDoubleMicroseconds(duration); };
  const std::lock_guard<std::mutex> lock(mutex_);
  nlohmann::ordered_json json = {{"sent", sent_}, {"received", times_.count()}};
  if (sent_again_) json["sent_again"] = sent_again_();
  if (times_.count() > 0) {
    json["round_trip_us"] = {
        {"min", us(times_.Min())},          {"avg", us(times_.Mean())},
        {"max", us(times_.Max())},          {"mdev", us(times_.StandardDeviation())},
        {"p50", us(times_.Percentile(50))}, {"p90", us(times_.Percentile(90))},
        {"p99", us(times_.Percentile(99))}};
  }
  return {{"statistics", json}};
}

}  // namespace udsecho::client
