// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/duration.h"

#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace udsecho::cli {

absl::StatusOr<absl::Duration> ParseDuration(absl::string_view flag, absl::string_view text) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && !std::isnan(seconds)) return absl::Seconds(seconds);
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration)) return duration;
  return absl::InvalidArgumentError(absl::StrCat(
      flag, ": '", text, "' is no duration; use seconds (5, 0.5) or a unit (500ms, 1m30s)"));
}

absl::StatusOr<absl::Duration> ParseDurationWithin(absl::string_view flag, absl::string_view text,
                                                   absl::Duration least, absl::Duration most) {
  absl::StatusOr<absl::Duration> duration = ParseDuration(flag, text);
  if (!duration.ok() || (*duration >= least && *duration <= most)) return duration;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": '", text, "' is out of range; use ",
                                                 absl::FormatDuration(least), " to ",
                                                 absl::FormatDuration(most)));
}

}  // namespace udsecho::cli
