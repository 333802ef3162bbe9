// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What may be printed to a terminal: an implementation beside uds/printable.h, to check it and all that is
// to have gone through it.
//
//   EXPECT_TRUE(IsPrintableLine(outcome.error));
//
// Thread safety: pure functions.

#ifndef TESTS_FUZZ_PRINTABLE_H_
#define TESTS_FUZZ_PRINTABLE_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace udsecho::fuzz {

// The code points of a text; nullopt if it is not UTF-8.
inline std::optional<std::vector<std::uint32_t>> CodePoints(absl::string_view text) {
  std::vector<std::uint32_t> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = first < 0x80            ? 1
                               : first >> 5 == 0b110   ? 2
                               : first >> 4 == 0b1110  ? 3
                               : first >> 3 == 0b11110 ? 4
                                                       : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    std::uint32_t point = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = static_cast<std::uint8_t>(text[i + k]);
      if (byte >> 6 != 0b10) return std::nullopt;
      point = point << 6 | (byte & 0x3fU);
    }
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10ffff || (point >> 11) == 0x1b) return std::nullopt;
    points.push_back(point);
    i += length;
  }
  return points;
}

inline bool IsUtf8(absl::string_view text) { return CodePoints(text).has_value(); }

// Nothing that moves the cursor, turns the direction of text or is not seen.
inline bool IsPrintable(std::uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point < 0xa0)) return false;
  if (point >= 0x202a && point <= 0x202e) return false;  // embeddings and overrides
  if (point >= 0x2066 && point <= 0x2069) return false;  // isolates
  if (point == 0x2028 || point == 0x2029) return false;  // separators of lines
  if (point == 0x200b || point == 0x200e || point == 0x200f) return false;
  return point != 0xfeff && point != 0xad && (point >> 7) != (0xe0000 >> 7);
}

inline bool IsPrintableLine(absl::string_view text) {
  const auto points = CodePoints(text);
  return points.has_value() && std::ranges::all_of(*points, IsPrintable);
}

}  // namespace udsecho::fuzz

#endif  // TESTS_FUZZ_PRINTABLE_H_
