// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/schedule.h"

#include <algorithm>
#include <cmath>

namespace udsecho::client {

Schedule::Schedule(const Rates& rates)
    : from_(rates.from),
      to_(rates.to),
      flat_(absl::ToDoubleSeconds(rates.flat)),
      ramp_(absl::ToDoubleSeconds(rates.ramp)),
      before_ramp_(from_ * flat_),
      in_ramp_((from_ + to_) / 2 * ramp_) {}

absl::Duration Schedule::Due(int64_t number) const {
  const auto calls = static_cast<double>(number);
  if (calls < before_ramp_) return absl::Seconds(calls / from_);
  const double further = calls - before_ramp_;
  if (further >= in_ramp_) return absl::Seconds(flat_ + ramp_ + (further - in_ramp_) / to_);
  // further = from t + (to - from) / ramp * t^2 / 2, solved for t in the form that has no 0 / 0.
  const double slope = (to_ - from_) / ramp_;
  const double root = std::sqrt(std::max(0.0, from_ * from_ + 2 * slope * further));
  return absl::Seconds(flat_ + 2 * further / (from_ + root));
}

int64_t Schedule::CallsBy(absl::Duration time) const {
  const double seconds = std::max(0.0, absl::ToDoubleSeconds(time));
  const double flat = std::min(seconds, flat_);
  const double ramp = std::clamp(seconds - flat_, 0.0, ramp_);
  const double rest = std::max(0.0, seconds - flat_ - ramp_);
  const double slope = ramp_ > 0 ? (to_ - from_) / ramp_ : 0;
  const double calls = from_ * flat + from_ * ramp + slope * ramp * ramp / 2 + to_ * rest;
  // The first one is due at the start. A rounding error is no call.
  return std::llround(std::ceil(calls - 1e-6));
}

}  // namespace udsecho::client
