// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/comparison_text.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace udsecho::client {
namespace {

using Verdict = Difference::Verdict;

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnsteady:
      return "unsteady";
    case Verdict::kNoise:
      return "noise";
    case Verdict::kBetter:
      return "better";
    case Verdict::kWorse:
      return "worse";
    case Verdict::kNone:
      break;
  }
  return "";
}

std::string LineOf(const Difference& difference) {
  std::string line =
      absl::StrCat(difference.name, ": ", difference.before, " before, ", difference.now, " now");
  if (difference.percent.has_value())
    absl::StrAppend(&line, ", ", PercentText(*difference.percent));
  if (difference.verdict != Verdict::kNone)
    absl::StrAppend(&line, ": ", NameOf(difference.verdict));
  if (difference.noise.has_value())
    absl::StrAppendFormat(&line, " (noise up to %.3g %%)", *difference.noise);
  return line;
}

nlohmann::ordered_json JsonOf(const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  Json differences = Json::array();
  for (const Difference& each : comparison.differences) {
    const auto number = [](const std::optional<double>& value) {
      return value.has_value() ? Json(*value) : Json();
    };
    differences.push_back(
        {{"name", each.name},
         {"before", each.before},
         {"now", each.now},
         {"percent", number(each.percent)},
         {"noise_percent", number(each.noise)},
         {"verdict", each.verdict == Verdict::kNone ? Json() : Json(NameOf(each.verdict))}});
  }
  return {{"not_comparable", comparison.obstacles},
          {"mind", comparison.cautions},
          {"differences", differences}};
}

}  // namespace

Compared ComparedOf(const Comparison& comparison) {
  Compared compared{.lines = {}, .worse = {}, .not_judged = {}, .json = JsonOf(comparison)};
  bool judged = false;
  for (const std::string& each : comparison.obstacles) {
    compared.lines.push_back(absl::StrCat("not comparable: ", each));
  }
  for (const std::string& each : comparison.cautions) {
    compared.lines.push_back(absl::StrCat("mind ", each));
  }
  for (const Difference& each : comparison.differences) {
    compared.lines.push_back(LineOf(each));
    judged |= each.verdict == Verdict::kNoise || each.verdict == Verdict::kBetter ||
              each.verdict == Verdict::kWorse;
    if (each.verdict != Verdict::kWorse) continue;
    compared.worse.push_back(absl::StrCat(each.name, " by ", PercentText(*each.percent)));
  }
  if (!comparison.obstacles.empty()) {
    compared.not_judged =
        absl::StrCat("the runs are not comparable: ", absl::StrJoin(comparison.obstacles, "; "));
  } else if (!judged) {
    compared.not_judged =
        "the runs cannot be judged: one is shorter than a second, or too unsteady";
  }
  return compared;
}

}  // namespace udsecho::client
