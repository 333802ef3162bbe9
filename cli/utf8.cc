// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/utf8.h"

#include <cstdint>
#include <cstring>

namespace udsecho::cli {
namespace {

// What a leading byte announces. A value below `least` would have needed fewer bytes.
struct Sequence {
  size_t bytes;
  uint32_t bits;
  uint32_t least;
};

Sequence Announced(uint8_t lead) {
  if (lead < 0x80) return {1, lead, 0};
  if ((lead & 0xE0) == 0xC0) return {2, lead & 0x1Fu, 0x80};
  if ((lead & 0xF0) == 0xE0) return {3, lead & 0x0Fu, 0x800};
  if ((lead & 0xF8) == 0xF0) return {4, lead & 0x07u, 0x10000};
  return {0, 0, 0};
}

bool IsScalar(uint32_t value) { return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF); }

// The length of the character that `text` begins with, or 0 if it begins with none.
size_t CharacterLength(absl::string_view text) {
  const Sequence sequence = Announced(static_cast<uint8_t>(text[0]));
  if (sequence.bytes == 0 || text.size() < sequence.bytes) return 0;
  uint32_t value = sequence.bits;
  for (size_t i = 1; i < sequence.bytes; ++i) {
    const auto byte = static_cast<uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte & 0x3Fu);
  }
  return value >= sequence.least && IsScalar(value) ? sequence.bytes : 0;
}

bool BeginsWithEightAscii(absl::string_view text) {
  uint64_t eight = 0;
  if (text.size() < sizeof(eight)) return false;
  std::memcpy(&eight, text.data(), sizeof(eight));
  return (eight & 0x8080808080808080u) == 0;
}

}  // namespace

size_t FindInvalidUtf8(absl::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const absl::string_view rest = text.substr(at);
    const size_t length = BeginsWithEightAscii(rest) ? 8 : CharacterLength(rest);
    if (length == 0) return at;
    at += length;
  }
  return absl::string_view::npos;
}

}  // namespace udsecho::cli
