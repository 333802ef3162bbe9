// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/size.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace udsecho::cli {
namespace {

struct Unit {
  absl::string_view name;
  int64_t bytes;
};

constexpr std::array<Unit, 8> kUnits = {{{"GiB", int64_t{1} << 30},
                                         {"MiB", int64_t{1} << 20},
                                         {"KiB", int64_t{1} << 10},
                                         {"GB", 1'000'000'000},
                                         {"MB", 1'000'000},
                                         {"kB", 1'000},
                                         {"B", 1},
                                         {"", 1}}};

absl::Status Refuse(absl::string_view flag, absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(flag, ": '", text, "' ", why));
}

}  // namespace

absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text) {
  constexpr absl::string_view kNoSize = "is no size; use bytes (4096) or a unit (64MiB, 4MB)";
  const std::size_t digits_end = std::min(text.find_first_not_of("0123456789"), text.size());
  const absl::string_view digits = text.substr(0, digits_end);
  const absl::string_view unit_name = text.substr(digits_end);
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [unit_name](const Unit& u) { return u.name == unit_name; });
  if (digits.empty() || unit == kUnits.end()) return Refuse(flag, text, kNoSize);
  int64_t count = 0;
  if (!absl::SimpleAtoi(digits, &count) ||
      count > std::numeric_limits<int64_t>::max() / unit->bytes) {
    return Refuse(flag, text, "is more than any machine has; use less");
  }
  return count * unit->bytes;
}

std::string FormatSize(int64_t bytes) {
  for (const Unit& unit : kUnits) {
    const bool is_binary = unit.name.size() != 2;  // GiB, MiB, KiB and B
    if (is_binary && bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return absl::StrCat(bytes / unit.bytes, unit.name);
    }
  }
  return absl::StrCat(bytes, "B");
}

}  // namespace udsecho::cli
