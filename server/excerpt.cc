// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/excerpt.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

bool BeginsCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

}  // namespace

absl::string_view RawExcerpt(absl::string_view text) {
  // No text of so many characters is longer; it ends the search in what is not UTF-8.
  const size_t end = std::min(text.size(), 4 * kExcerptCharacters);
  size_t characters = 0;
  for (size_t at = 0; at < end; ++at) {
    if (!BeginsCharacter(text[at])) continue;
    if (characters == kExcerptCharacters) return text.substr(0, at);
    ++characters;
  }
  return text.substr(0, end);
}

std::string PrintableExcerpt(absl::string_view text) {
  const absl::string_view start = RawExcerpt(text);
  std::string excerpt = uds::Printable(start);
  if (start.size() < text.size()) absl::StrAppend(&excerpt, "... (", text.size(), " bytes)");
  return excerpt;
}

}  // namespace udsecho
