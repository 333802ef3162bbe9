// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/scale.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "client/bench/result.h"

namespace udsecho::client {
namespace {

constexpr double kHair = 1e-9;

// Of 1, 2 and 5 times a power of ten, the first from `rough` on.
double RoundStep(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * (1 - kHair)) return factor * power;
  }
  return 10 * power;
}

double RoundDown(double value) {
  const double power = std::pow(10, std::floor(std::log10(value) + kHair));
  for (const double factor : {5.0, 2.0}) {
    if (factor * power <= value * (1 + kHair)) return factor * power;
  }
  return power;
}

}  // namespace

Scale Scale::Linear(double most) {
  const double step = RoundStep(std::max(most, 1e-12) / 5);
  return LinearUpTo(step * std::max(1.0, std::ceil(most / step - kHair)));
}

Scale Scale::LinearUpTo(double most) {
  Scale scale(Kind::kLinear, 0, std::max(most, 1e-12));
  const double step = RoundStep(scale.most_ / 5);
  for (int i = 0; i * step <= scale.most_ * (1 + kHair); ++i) scale.AddTick(i * step);
  return scale;
}

Scale Scale::Logarithmic(double least, double most) {
  const double from = RoundDown(std::max(least, 1e-12));
  double to = RoundStep(std::max(most, from));
  if (to <= from) to = RoundStep(from * 1.5);
  Scale scale(Kind::kLogarithmic, from, to);
  for (const double factor : {1.0, 2.0, 5.0}) {  // powers of ten are kept first
    const int last = static_cast<int>(std::ceil(std::log10(to)));
    for (int power = static_cast<int>(std::floor(std::log10(from))); power <= last; ++power) {
      const double value = factor * std::pow(10, power);
      if (value >= from * (1 - kHair) && value <= to * (1 + kHair)) scale.AddTick(value);
    }
  }
  return scale;
}

Scale Scale::Nines(double count) {
  constexpr double kMost = 6;
  Scale scale(Kind::kNines, 0, std::clamp(std::log10(std::max(count, 1.0)), 1.0, kMost));
  const char* const names[] = {"0", "90", "99", "99.9", "99.99", "99.999", "99.9999"};
  for (int nine = 0; nine <= static_cast<int>(scale.most_ + kHair); ++nine) {
    scale.ticks_.push_back({.at = nine / scale.most_, .text = names[nine]});
  }
  scale.AddTick(50);
  return scale;
}

double Scale::Raw(double value) const {
  switch (kind_) {
    case Kind::kLogarithmic:
      return std::log(std::max(value, least_) / least_) / std::log(most_ / least_);
    case Kind::kNines:
      return -std::log10(std::max(1 - value / 100, 1e-12)) / most_;
    case Kind::kLinear:
      break;
  }
  return value / most_;
}

double Scale::Place(double value) const { return std::clamp(Raw(value), 0.0, 1.0); }

double Scale::ValueAt(double place) const {
  switch (kind_) {
    case Kind::kLogarithmic:
      return least_ * std::pow(most_ / least_, place);
    case Kind::kNines:
      return 100 * (1 - std::pow(10, -place * most_));
    case Kind::kLinear:
      break;
  }
  return place * most_;
}

void Scale::AddTick(double value) { ticks_.push_back({Place(value), AxisNumber(value)}); }

std::string AxisNumber(double number) {
  return number >= 1000 ? Thousands(number) : absl::StrFormat("%.6g", number);
}

}  // namespace udsecho::client
