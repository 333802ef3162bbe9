// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/histogram.h"

#include <algorithm>
#include <boost/histogram.hpp>
#include <cmath>

namespace udsecho::client {
namespace {

namespace bh = boost::histogram;

// Bins of half a percent over ten decades of nanoseconds.
constexpr double kLeast = 1e2;
constexpr double kMost = 1e12;
constexpr int kBins = 4616;  // ln(kMost / kLeast) / ln(1.005)

auto MakeBins() {
  return bh::make_histogram_with(
      bh::dense_storage<uint64_t>(),
      bh::axis::regular<double, bh::axis::transform::log>(kBins, kLeast, kMost));
}

}  // namespace

struct Histogram::Bins {
  decltype(MakeBins()) histogram = MakeBins();
};

Histogram::Histogram() : bins_(std::make_unique<Bins>()) {}
Histogram::~Histogram() = default;
Histogram::Histogram(Histogram&&) noexcept = default;
Histogram& Histogram::operator=(Histogram&&) noexcept = default;

void Histogram::Add(absl::Duration duration) {
  const double nanoseconds = absl::ToDoubleNanoseconds(duration);
  bins_->histogram(nanoseconds);
  min_ = count_ == 0 ? nanoseconds : std::min(min_, nanoseconds);
  max_ = count_ == 0 ? nanoseconds : std::max(max_, nanoseconds);
  ++count_;
  sum_ += nanoseconds;
  sum_of_squares_ += nanoseconds * nanoseconds;
}

void Histogram::Add(const Histogram& other) {
  if (other.count_ == 0) return;
  bins_->histogram += other.bins_->histogram;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = count_ == 0 ? other.max_ : std::max(max_, other.max_);
  count_ += other.count_;
  sum_ += other.sum_;
  sum_of_squares_ += other.sum_of_squares_;
}

void Histogram::Clear() {
  bins_->histogram.reset();
  count_ = 0;
  sum_ = sum_of_squares_ = min_ = max_ = 0;
}

absl::Duration Histogram::Min() const { return absl::Nanoseconds(min_); }

absl::Duration Histogram::Max() const { return absl::Nanoseconds(max_); }

absl::Duration Histogram::Mean() const {
  return count_ == 0 ? absl::ZeroDuration() : absl::Nanoseconds(sum_ / static_cast<double>(count_));
}

absl::Duration Histogram::StandardDeviation() const {
  if (count_ == 0) return absl::ZeroDuration();
  const auto count = static_cast<double>(count_);
  const double mean = sum_ / count;
  return absl::Nanoseconds(std::sqrt(std::max(0.0, sum_of_squares_ / count - mean * mean)));
}

absl::Duration Histogram::Percentile(double percent) const {
  if (count_ == 0) return absl::ZeroDuration();
  // The smallest value that at least so many do not exceed.
  const auto count = static_cast<double>(count_);
  const auto rank = static_cast<uint64_t>(std::clamp(std::ceil(percent / 100 * count), 1.0, count));
  const auto& axis = bins_->histogram.axis();
  uint64_t seen = 0;
  for (int i = -1; i <= axis.size(); ++i) {
    seen += bins_->histogram.at(i);
    if (seen < rank) continue;
    const double upper = i < axis.size() ? axis.value(i + 1) : max_;
    return absl::Nanoseconds(std::clamp(upper, min_, max_));
  }
  return Max();
}

void Histogram::ForEachBin(
    const std::function<void(absl::Duration up_to, int64_t number)>& take) const {
  const auto& axis = bins_->histogram.axis();
  for (int i = -1; i <= axis.size(); ++i) {
    const uint64_t number = bins_->histogram.at(i);
    if (number == 0) continue;
    const double upper = i < axis.size() ? axis.value(i + 1) : max_;
    take(absl::Nanoseconds(std::clamp(upper, min_, max_)), static_cast<int64_t>(number));
  }
}

}  // namespace udsecho::client
