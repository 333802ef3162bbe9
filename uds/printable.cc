// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/printable.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"

namespace uds {
namespace {

// How many bytes of `text` make one code point that may be shown as it is; 0 when none does.
size_t ShowableLength(absl::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= 0x20 && byte(0) != 0x7f && byte(0) != '\\' ? 1 : 0;

  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return 0;
  uint32_t point = byte(0) & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kShortest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kShortest[length] || point > 0x10ffff) return 0;  // overlong, or beyond Unicode
  if (point >= 0xd800 && point <= 0xdfff) return 0;             // half of a UTF-16 pair
  if (point < 0xa0) return 0;                                   // C1 controls
  const auto within = [point](uint32_t first, uint32_t last) {
    return point >= first && point <= last;
  };
  const bool steers_text = point == 0x061c || within(0x200b, 0x200f) || within(0x2028, 0x202e) ||
                           within(0x2060, 0x206f) || within(0xfff9, 0xfffb);
  const bool invisible =
      point == 0x00ad || point == 0x180e || point == 0xfeff || within(0xe0000, 0xe007f);
  return steers_text || invisible ? 0 : length;
}

}  // namespace

std::size_t PrintablePrefix(absl::string_view text) {
  std::size_t prefix = 0;
  while (prefix < text.size()) {
    const bool is_backslash = text[prefix] == '\\';
    const std::size_t length = is_backslash ? 1 : ShowableLength(text.substr(prefix));
    if (length == 0) break;
    prefix += length;
  }
  return prefix;
}

std::string Printable(absl::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  while (!text.empty()) {
    if (const size_t length = ShowableLength(text); length > 0) {
      absl::StrAppend(&shown, text.substr(0, length));
      text.remove_prefix(length);
    } else {
      absl::StrAppend(&shown, "\\x", absl::Hex(static_cast<uint8_t>(text[0]), absl::kZeroPad2));
      text.remove_prefix(1);
    }
  }
  return shown;
}

}  // namespace uds
