// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/verdict.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/statistics.h"

namespace udsecho::client {
namespace {

void JudgeTime(absl::Duration time, Verdict* verdict) {
  verdict->value = absl::ToDoubleMicroseconds(time);
  verdict->unit = "us";
  verdict->text = Milliseconds(time);
}

// Then a condition on errors has failed.
bool CallsAreMissing(const Result& result, Verdict* verdict) {
  if (result.ended() > 0 && !result.has_no_connection()) return false;
  verdict->failed = true;
  verdict->text =
      result.ended() == 0 ? "no call ended" : absl::StrCat(verdict->text, ", and ", result.lost);
  return true;
}

// A gate that judges nothing would be open for ever.
void JudgeComparison(const Result& result, Verdict* verdict) {
  verdict->failed = true;
  if (!result.compared.has_value()) {
    verdict->text = "there is nothing to compare with";
  } else if (!result.compared->not_judged.empty()) {
    verdict->text = result.compared->not_judged;
  } else if (!result.compared->worse.empty()) {
    verdict->text = absl::StrJoin(result.compared->worse, ", ");
  } else {
    verdict->failed = false;
    verdict->text = "nothing is, by more than noise";
  }
}

Verdict VerdictOf(const Threshold& threshold, const Result& result) {
  Verdict verdict;
  verdict.condition = threshold.text;
  const auto errors = static_cast<double>(result.measured.errors());
  const auto ended = static_cast<double>(result.ended());
  switch (threshold.of) {
    case Threshold::Of::kPercentile:
    case Threshold::Of::kMean:
      if (result.calls() == 0) {
        verdict.unit = "us";
        verdict.text = "no call succeeded";
        verdict.failed = true;
        return verdict;
      }
      JudgeTime(threshold.of == Threshold::Of::kMean ? result.measured.latency.Mean()
                : threshold.percent == 100           ? result.measured.latency.Max()
                                           : result.measured.latency.Percentile(threshold.percent),
                &verdict);
      break;
    case Threshold::Of::kErrors:
      verdict.unit = "calls";
      if (ended > 0) verdict.value = errors;
      verdict.text = Thousands(errors);
      if (CallsAreMissing(result, &verdict)) return verdict;
      break;
    case Threshold::Of::kErrorShare:
      verdict.unit = "%";
      if (ended > 0) verdict.value = 100 * errors / ended;
      verdict.text = absl::StrFormat("%.4g%%", verdict.value.value_or(0));
      if (CallsAreMissing(result, &verdict)) return verdict;
      break;
    case Threshold::Of::kDisconnected:
      JudgeTime(result.disconnected, &verdict);
      break;
    case Threshold::Of::kRate:
      verdict.value = result.CallsPerSecond();
      verdict.unit = "calls/s";
      verdict.text = absl::StrCat(Thousands(*verdict.value), " calls/s");
      break;
    case Threshold::Of::kWorse:
      JudgeComparison(result, &verdict);
      return verdict;
    case Threshold::Of::kMissed:
      verdict.value = absl::ToDoubleSeconds(result.behind);
      verdict.unit = "s";
      verdict.failed = !result.missed.empty();
      verdict.text = verdict.failed ? result.missed : "the rate was kept";
      return verdict;
  }
  verdict.failed = threshold.FailsAt(*verdict.value);
  return verdict;
}

}  // namespace

std::vector<Verdict> Verdicts(const Result& result) {
  std::vector<Verdict> verdicts;
  if (result.interrupted_in_warmup) return verdicts;
  for (const Threshold& threshold : result.thresholds) {
    verdicts.push_back(VerdictOf(threshold, result));
  }
  return verdicts;
}

std::string FailedText(const std::vector<Verdict>& verdicts) {
  std::vector<std::string> failed;
  for (const Verdict& verdict : verdicts) {
    if (!verdict.failed) continue;
    failed.push_back(absl::StrCat(
        verdict.condition, ": ",
        verdict.value.has_value() && verdict.condition != "missed" ? "it was " : "", verdict.text));
  }
  return absl::StrJoin(failed, "; ");
}

nlohmann::ordered_json VerdictsJson(const std::vector<Verdict>& verdicts) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const Verdict& verdict : verdicts) {
    nlohmann::ordered_json value;
    if (verdict.value.has_value()) value = *verdict.value;
    json.push_back({{"condition", verdict.condition},
                    {"failed", verdict.failed},
                    {"value", value},
                    {"unit", verdict.unit}});
  }
  return json;
}

}  // namespace udsecho::client
