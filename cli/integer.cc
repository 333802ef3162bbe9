// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/integer.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace udsecho::cli {

absl::StatusOr<int64_t> ParseInteger(absl::string_view flag, absl::string_view text, int64_t least,
                                     int64_t most) {
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": '", text, "' is no whole number from ", least, " to ", most));
}

}  // namespace udsecho::cli
