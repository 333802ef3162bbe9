// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/escaped.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

uint8_t Byte(absl::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

// Of a code point in UTF-8, which begins with this byte.
size_t Length(uint8_t first) { return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4; }

uint32_t CodePoint(absl::string_view bytes) {
  if (bytes.size() == 1) return Byte(bytes, 0);
  uint32_t point = Byte(bytes, 0) & (0xffU >> (bytes.size() + 1));
  for (size_t i = 1; i < bytes.size(); ++i) point = point << 6 | (Byte(bytes, i) & 0x3fU);
  return point;
}

void AppendEscaped(uint32_t point, std::string* json) {
  if (point < 0x10000) {
    absl::StrAppendFormat(json, "\\u%04x", point);
    return;
  }
  point -= 0x10000;
  absl::StrAppendFormat(json, "\\u%04x\\u%04x", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
}

}  // namespace

std::string EscapedJson(std::string json) {
  size_t prefix = uds::PrintablePrefix(json);
  if (prefix == json.size()) return json;
  std::string escaped;
  absl::string_view rest = json;
  while (true) {
    absl::StrAppend(&escaped, rest.substr(0, prefix));
    rest.remove_prefix(prefix);
    if (rest.empty()) return escaped;
    const absl::string_view bytes = rest.substr(0, Length(Byte(rest, 0)));
    AppendEscaped(CodePoint(bytes), &escaped);
    rest.remove_prefix(bytes.size());
    prefix = uds::PrintablePrefix(rest);
  }
}

std::string EscapedText(absl::string_view text) {
  std::string escaped;
  while (true) {
    const size_t prefix = uds::PrintablePrefix(text);
    absl::StrAppend(&escaped, text.substr(0, prefix));
    text.remove_prefix(prefix);
    if (text.empty()) return escaped;
    if (text[0] == '\n' || text[0] == '\t') {
      escaped.push_back(text[0]);
    } else {
      absl::StrAppendFormat(&escaped, "\\x%02x", Byte(text, 0));
    }
    text.remove_prefix(1);
  }
}

}  // namespace udsecho::client
