// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Two runs side by side: whether they can be compared, what differs, and whether that says anything.
//
//   const Comparison comparison = Compare(before, now);
//
// A difference counts as noise if it is no more than twice the spread of either run. The spread is how
// much the tenths of one run differ from each other: their standard deviation, in percent of their mean.
// A run that differs from itself by half is too unsteady to say anything.
//
// Thread safety: a pure function.

#ifndef CLIENT_REPORT_COMPARISON_H_
#define CLIENT_REPORT_COMPARISON_H_

#include <optional>
#include <string>
#include <vector>

#include "client/report/record.h"

namespace udsecho::client {

struct Difference {
  enum class Verdict { kNone, kUnsteady, kNoise, kBetter, kWorse };

  std::string name;
  std::string before;
  std::string now;
  std::optional<double> percent{};  // unset if one of the two is missing, or the first is zero
  std::optional<double> noise{};  // up to so many percent; unset if the runs are too short to tell
  Verdict verdict = Verdict::kNone;
};

struct Comparison {
  std::vector<std::string> obstacles;  // "8 in flight before, 64 now"; then there are no verdicts
  std::vector<std::string> cautions;   // what may be behind a difference besides the server
  std::vector<Difference> differences;
};

Comparison Compare(const Record& before, const Record& now);

// "0.212 ms", "1,234 s": microseconds for people, with three digits that count.
std::string LatencyText(double microseconds);

// "+8.5 %", "×12" for what is more than tenfold.
std::string PercentText(double percent);

// "12,345", "0.278", and "9e+14" for what is longer than any real count.
std::string CountText(double number);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_COMPARISON_H_
