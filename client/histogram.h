// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How long things took, in a fixed 40 KB however many they are.
//
//   Histogram histogram;
//   histogram.Add(absl::Microseconds(212));
//   absl::Duration p99 = histogram.Percentile(99);
//
// Percentiles are right to half a percent, from 100 ns to 1000 s; count, minimum, maximum and
// mean are exact. An Add() takes some 20 ns.
//
// Thread safety: none.

#ifndef CLIENT_HISTOGRAM_H_
#define CLIENT_HISTOGRAM_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace udsecho::client {

class Histogram {
 public:
  Histogram();
  ~Histogram();
  Histogram(Histogram&&) noexcept;
  Histogram& operator=(Histogram&&) noexcept;

  void Add(absl::Duration duration);
  void Add(const Histogram& other);
  void Clear();

  int64_t count() const { return count_; }

  // Zero while there is nothing.
  absl::Duration Min() const;
  absl::Duration Max() const;
  absl::Duration Mean() const;
  absl::Duration StandardDeviation() const;

  // `percent` from 0 to 100: what so many of them do not exceed.
  absl::Duration Percentile(double percent) const;

  // Of each bin that holds something, in ascending order: its end, Max() at most, and how many.
  void ForEachBin(const std::function<void(absl::Duration up_to, int64_t number)>& take) const;

 private:
  struct Bins;

  std::unique_ptr<Bins> bins_;
  int64_t count_ = 0;
  // In nanoseconds.
  double sum_ = 0;
  double sum_of_squares_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_HISTOGRAM_H_
