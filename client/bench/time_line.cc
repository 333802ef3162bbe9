// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/time_line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace udsecho::client {
namespace {

// Bins from kLeast nanoseconds on, over ten decades; the last one has all that is more.
constexpr double kLeast = 1e2;
constexpr double kStep = 1.02;
constexpr size_t kBins = 1164;  // ln(1e10) / ln(1.02), and one

size_t BinOf(absl::Duration time) {
  const double nanoseconds = absl::ToDoubleNanoseconds(time);
  if (!(nanoseconds > kLeast)) return 0;
  // What is on a border belongs to the bin that ends there.
  const double bin = std::ceil(std::log(nanoseconds / kLeast) / std::log(kStep) - 1e-6);
  return static_cast<size_t>(std::clamp(bin, 0.0, 1.0 * (kBins - 1)));
}

absl::Duration EndOf(size_t bin) {
  return absl::Nanoseconds(kLeast * std::pow(kStep, static_cast<double>(bin)));
}

// A point of weeks stays at the most instead of beginning again at zero.
void AddTo(uint32_t* bin, int64_t number) {
  constexpr int64_t kMost = std::numeric_limits<uint32_t>::max();
  *bin = static_cast<uint32_t>(std::min(kMost, static_cast<int64_t>(*bin) + number));
}

}  // namespace

int64_t ErrorsOf(const CodeCounts& ended) {
  return std::accumulate(ended.begin() + 1, ended.end(), int64_t{0});
}

void CoarseHistogram::Add(const Histogram& histogram) {
  if (histogram.count() == 0) return;
  bins_.resize(kBins);
  histogram.ForEachBin([this](absl::Duration up_to, int64_t number) {
    AddTo(&bins_[BinOf(up_to)], number);
    count_ += number;
  });
}

void CoarseHistogram::Add(const CoarseHistogram& other) {
  if (other.count_ == 0) return;
  bins_.resize(kBins);
  for (size_t i = 0; i < kBins; ++i) AddTo(&bins_[i], other.bins_[i]);
  count_ += other.count_;
}

absl::Duration CoarseHistogram::Percentile(double percent) const {
  const auto rank =
      static_cast<int64_t>(std::max(1.0, std::ceil(percent / 100 * static_cast<double>(count_))));
  int64_t seen = 0;
  for (size_t i = 0; i < bins_.size(); ++i) {
    seen += bins_[i];
    if (seen >= rank) return EndOf(i);
  }
  return bins_.empty() ? absl::ZeroDuration() : EndOf(kBins - 1);
}

std::vector<Bin> CoarseHistogram::Bins() const {
  std::vector<Bin> bins;
  for (size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] > 0) bins.push_back({.up_to = EndOf(i), .calls = bins_[i]});
  }
  return bins;
}

absl::Duration Point::Percentile(double percent) const {
  return std::min(latency.Percentile(percent), slowest);
}

void Point::Add(const Point& other) {
  for (int code = 0; code < kCodes; ++code) ended[code] += other.ended[code];
  latency.Add(other.latency);
  slowest = std::max(slowest, other.slowest);
}

Point* TimeLine::At(absl::Duration time) {
  const auto index = [this, time] {
    return static_cast<size_t>(std::max(0.0, std::floor(absl::FDivDuration(time, point_))));
  };
  while (index() >= kPoints) {
    for (size_t i = 0; i < points_.size(); i += 2) {
      if (i > 0) points_[i / 2] = std::move(points_[i]);
      if (i + 1 < points_.size()) points_[i / 2].Add(points_[i + 1]);
    }
    points_.resize((points_.size() + 1) / 2);
    point_ *= 2;
  }
  if (index() >= points_.size()) points_.resize(index() + 1);
  return &points_[index()];
}

void TimeLine::Add(absl::Duration from, absl::Duration to, const CodeCounts& ended,
                   const Histogram& latency) {
  to = std::max(to, absl::Nanoseconds(1));
  from = std::clamp(from, absl::ZeroDuration(), to - absl::Nanoseconds(1));
  Point* const middle = At(from + (to - from) / 2);
  middle->latency.Add(latency);
  middle->slowest = std::max(middle->slowest, latency.Max());
  At(to - absl::Nanoseconds(1));  // from here on the points stay as wide as they are
  CodeCounts added = {};
  for (absl::Duration begin = from; begin < to;) {
    const absl::Duration end = std::min(to, absl::Floor(begin, point_) + point_);
    Point* const point = At(begin);
    const double share = absl::FDivDuration(end - from, to - from);
    for (int code = 0; code < kCodes; ++code) {
      const auto by_then = static_cast<int64_t>(
          std::llround(static_cast<double>(ended[code]) * std::min(share, 1.0)));
      point->ended[code] += by_then - added[code];
      added[code] = by_then;
    }
    begin = end;
  }
}

void TimeLine::EndAt(absl::Duration end) {
  end_ = end;
  while (points_.size() > 1 && TimeOf(points_.size() - 1) < point_ / 2) {
    const Point last = std::move(points_.back());
    points_.pop_back();
    points_.back().Add(last);
  }
}

absl::Duration TimeLine::TimeOf(size_t index) const {
  if (index + 1 < points_.size() || end_ == absl::InfiniteDuration()) return point_;
  return end_ - point_ * static_cast<int64_t>(index);
}

}  // namespace udsecho::client
