// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/threshold.h"

#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cli/duration.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using Of = Threshold::Of;
using Fails = Threshold::Fails;

constexpr double kMostCalls = 1e15;

struct Name {
  absl::string_view name;
  Of of;
  double percent;
};

constexpr std::array<Name, 13> kNames = {{{"p50", Of::kPercentile, 50},
                                          {"p90", Of::kPercentile, 90},
                                          {"p95", Of::kPercentile, 95},
                                          {"p99", Of::kPercentile, 99},
                                          {"p99.9", Of::kPercentile, 99.9},
                                          {"p99.99", Of::kPercentile, 99.99},
                                          {"max", Of::kPercentile, 100},
                                          {"mean", Of::kMean, 0},
                                          {"errors", Of::kErrors, 0},
                                          {"rate", Of::kRate, 0},
                                          {"missed", Of::kMissed, 0},
                                          {"worse", Of::kWorse, 0},
                                          {"disconnected", Of::kDisconnected, 0}}};

absl::Status Bad(absl::string_view condition, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("--fail_if: '", uds::Printable(condition), "' ", why));
}

const Name* FindName(absl::string_view name) {
  for (const Name& each : kNames) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

absl::Status ParseTimeLimit(absl::string_view value, Threshold* threshold) {
  double number = 0;
  if (absl::SimpleAtod(value, &number)) {
    return Bad(threshold->text, "has a time without a unit; write it as in p99>5ms or max>1s");
  }
  const absl::StatusOr<absl::Duration> time = cli::ParseDuration("--fail_if", value);
  if (!time.ok() || *time < absl::ZeroDuration() || *time == absl::InfiniteDuration()) {
    return Bad(threshold->text, "has no time after its sign; write it as in p99>5ms");
  }
  threshold->limit = absl::ToDoubleMicroseconds(*time);
  return absl::OkStatus();
}

absl::Status ParseNumberLimit(absl::string_view value, Threshold* threshold) {
  if (threshold->of == Of::kErrors && absl::ConsumeSuffix(&value, "%")) {
    threshold->of = Of::kErrorShare;
  }
  const double most = threshold->of == Of::kErrorShare ? 100 : kMostCalls;
  if (absl::SimpleAtod(value, &threshold->limit) && threshold->limit >= 0 &&
      threshold->limit <= most) {
    return absl::OkStatus();
  }
  return Bad(threshold->text,
             threshold->of == Of::kRate
                 ? "has no calls a second after its sign; write it as in rate<1000"
                 : "has no number of calls after its sign, and no share of them up "
                   "to 100%; write it as in errors>0 or errors>0.1%");
}

absl::StatusOr<Threshold> ParseThreshold(absl::string_view text) {
  constexpr absl::string_view kSigns = "<>=";
  const size_t sign = text.find_first_of(kSigns);
  const Name* const name = FindName(text.substr(0, sign));
  if (name == nullptr) {
    return Bad(text,
               "does not begin with what is measured: p50, p90, p95, p99, p99.9, p99.99, max, "
               "mean, errors, rate, missed, worse or disconnected");
  }
  Threshold threshold{.text = std::string(text), .of = name->of, .percent = name->percent};
  if (name->of == Of::kMissed || name->of == Of::kWorse) {
    if (sign == absl::string_view::npos) return threshold;
    return Bad(text, absl::StrCat("has a value, and ", name->name, " takes none"));
  }
  if (sign == absl::string_view::npos) {
    return Bad(text, absl::StrCat("has no >, >=, < or <= with a value, as in ", name->name,
                                  name->of == Of::kErrors ? ">0.1%"
                                  : name->of == Of::kRate ? "<1000"
                                                          : ">5ms"));
  }
  const size_t after = text.find_first_not_of(kSigns, sign);
  const absl::string_view signs = text.substr(sign, after - sign);
  if (signs == ">") {
    threshold.fails = Fails::kAbove;
  } else if (signs == ">=") {
    threshold.fails = Fails::kAtOrAbove;
  } else if (signs == "<") {
    threshold.fails = Fails::kBelow;
  } else if (signs == "<=") {
    threshold.fails = Fails::kAtOrBelow;
  } else {
    return Bad(text, "has a sign that is none of >, >=, < and <=");
  }
  const absl::string_view value = after == absl::string_view::npos ? "" : text.substr(after);
  const bool is_time =
      name->of == Of::kPercentile || name->of == Of::kMean || name->of == Of::kDisconnected;
  absl::Status status =
      is_time ? ParseTimeLimit(value, &threshold) : ParseNumberLimit(value, &threshold);
  if (!status.ok()) return status;
  return threshold;
}

}  // namespace

bool Threshold::FailsAt(double value) const {
  switch (fails) {
    case Fails::kAbove:
      return value > limit;
    case Fails::kAtOrAbove:
      return value >= limit;
    case Fails::kBelow:
      return value < limit;
    case Fails::kAtOrBelow:
      break;
  }
  return value <= limit;
}

absl::StatusOr<std::vector<Threshold>> ParseThresholds(absl::string_view text) {
  const std::string packed = absl::StrReplaceAll(text, {{" ", ""}});
  std::vector<Threshold> thresholds;
  for (const absl::string_view condition : absl::StrSplit(packed, ',')) {
    if (condition.empty()) {
      return absl::InvalidArgumentError(
          "--fail_if: there is an empty condition; write it as in p99>5ms,errors>0.1%");
    }
    absl::StatusOr<Threshold> threshold = ParseThreshold(condition);
    if (!threshold.ok()) return threshold.status();
    thresholds.push_back(*std::move(threshold));
  }
  return thresholds;
}

}  // namespace udsecho::client
