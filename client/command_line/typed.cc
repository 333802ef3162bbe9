// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/typed.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "cli/program.h"

namespace udsecho::client {
namespace {

constexpr size_t kLongestWord = 200;
constexpr size_t kMostWords = 100;
constexpr absl::string_view kShort = "-H";
constexpr absl::string_view kLong = "--metadata";

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("-_./:=@%+,").find(c) != absl::string_view::npos;
}

std::string Quoted(absl::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsPlain)) return std::string(word);
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", R"('\'')"}}), "'");
}

std::string Cut(absl::string_view word) {
  if (word.size() <= kLongestWord) return std::string(word);
  // Not within a character.
  size_t end = kLongestWord;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(word.substr(0, end), "...");
}

std::string WithoutValue(absl::string_view header) {
  const size_t colon = header.find(':', 1);
  return absl::StrCat(Quoted(Cut(header.substr(0, colon))), ":...");
}

}  // namespace

std::string Typed(const std::vector<std::string>& words) {
  std::vector<std::string> typed = {std::string(cli::ClientName())};
  bool are_messages = false;
  bool is_header = false;
  for (size_t i = 1; i < words.size(); ++i) {
    const absl::string_view word = words[i];
    if (typed.size() == kMostWords) {
      typed.emplace_back("...");
      break;
    }
    if (is_header) {
      typed.push_back(WithoutValue(word));
      is_header = false;
    } else if (are_messages) {
      typed.push_back(Quoted(Cut(word)));
    } else if (absl::StartsWith(word, absl::StrCat(kLong, "="))) {
      typed.push_back(absl::StrCat(kLong, "=", WithoutValue(word.substr(kLong.size() + 1))));
    } else if (absl::StartsWith(word, kShort) && word.size() > kShort.size()) {
      typed.push_back(absl::StrCat(kShort, WithoutValue(word.substr(kShort.size()))));
    } else {
      is_header = word == kShort || word == kLong;
      are_messages = word == "--";
      typed.push_back(Quoted(Cut(word)));
    }
  }
  return absl::StrJoin(typed, " ");
}

}  // namespace udsecho::client
