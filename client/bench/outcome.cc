// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/outcome.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/bench/verdict.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string Number(int64_t number) { return Thousands(static_cast<double>(number)); }

// By the most frequent code of those that failed. OK if there was none.
Outcome ErrorsOutcome(const Result& result) {
  const auto& ended = result.measured.ended;
  const auto* const most = std::max_element(ended.begin() + 1, ended.end());
  if (*most == 0) return {};
  const auto code = static_cast<grpc::StatusCode>(most - ended.begin());
  const std::string& first = result.measured.first_errors[code];
  return CallOutcome(
      result.name, result.address,
      {code, absl::StrCat(Number(*most), " of ", Number(result.measured.errors() + result.calls()),
                          " calls failed so", first.empty() ? "" : "; the first: ", first)},
      WhatToTry({code, first}));
}

std::string WhyNoCall(const Result& result) {
  if (!result.lost.empty()) return result.lost;
  if (result.rate > 0 && result.due == 0) {
    return absl::StrCat("no call was made: none was due within ", SecondsText(result.duration),
                        " (a longer --duration, or a higher --rate)");
  }
  return absl::StrCat("no call ended within ", SecondsText(result.duration));
}

// What was not answered or not even called. OK if there was none of it.
Outcome SilenceOutcome(const Result& result) {
  const auto failed = [&](grpc::StatusCode code, const std::string& why) {
    return CallOutcome(result.name, result.address, {code, why}, "");
  };
  if (result.calls() == 0 && result.in_flight > 0 && result.measured.errors() == 0) {
    return failed(grpc::StatusCode::DEADLINE_EXCEEDED,
                  absl::StrCat("none of ", Number(result.in_flight), " calls was answered"));
  }
  if (!result.silent.empty()) return failed(grpc::StatusCode::DEADLINE_EXCEEDED, result.silent);
  if (result.rate == 0 && result.not_sent > 0) {
    return failed(grpc::StatusCode::UNAVAILABLE,
                  absl::StrCat(Number(result.not_sent), " of ", Number(result.due),
                               " calls were not made: the connection was lost; is the server "
                               "still there?"));
  }
  if (result.has_no_connection()) {
    return failed(grpc::StatusCode::UNAVAILABLE,
                  absl::StrCat(result.lost, "; is the server still there?"));
  }
  // Errors have their own outcome, or --fail_if allows them.
  if (result.ended() == 0) return failed(grpc::StatusCode::UNAVAILABLE, WhyNoCall(result));
  return {};
}

}  // namespace

Outcome OutcomeOf(const Result& result) {
  if (result.interrupted) return Interrupted();
  const std::string failed = FailedText(Verdicts(result));
  if (!failed.empty()) {
    return {kExitFailIf, uds::Printable(absl::StrCat(result.address, ": --fail_if: ", failed))};
  }
  const auto judged = [&](std::initializer_list<Threshold::Of> kinds) {
    return std::any_of(result.thresholds.begin(), result.thresholds.end(),
                       [&](const Threshold& each) {
                         return std::find(kinds.begin(), kinds.end(), each.of) != kinds.end();
                       });
  };
  if (!judged({Threshold::Of::kErrors, Threshold::Of::kErrorShare})) {
    if (const Outcome failure = ErrorsOutcome(result); !failure.ok()) return failure;
  }
  if (const Outcome failure = SilenceOutcome(result); !failure.ok()) return failure;
  if (!result.missed.empty() && !judged({Threshold::Of::kRate, Threshold::Of::kMissed})) {
    return {kExitRateMissed, absl::StrCat(result.address, ": ", result.missed)};
  }
  return {};
}

}  // namespace udsecho::client
