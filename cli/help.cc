// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/help.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace udsecho::cli {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kGroupColumns = 9;
constexpr size_t kFlagColumns = 32;

// Lays out words in lines, each after the first with `indent` in front.
std::string Wrapped(std::string text, const std::vector<std::string>& words, size_t indent,
                    absl::string_view gap) {
  size_t column = text.size();
  bool first = true;
  for (const std::string& word : words) {
    if (!first && column + gap.size() + word.size() > kColumns) {
      absl::StrAppend(&text, "\n", std::string(indent, ' '));
      column = indent;
    } else if (!first) {
      absl::StrAppend(&text, gap);
      column += gap.size();
    }
    absl::StrAppend(&text, word);
    column += word.size();
    first = false;
  }
  return text;
}

std::string Padded(std::string text, size_t columns) {
  text.resize(std::max(text.size(), columns), ' ');
  return text;
}

std::string Details(const Flag& flag) {
  std::string name = absl::StrCat("  ", FlagWithValue(flag));
  if (name.size() + 2 > kFlagColumns) absl::StrAppend(&name, "\n", std::string(kFlagColumns, ' '));
  const std::vector<std::string> words = absl::StrSplit(flag.text, ' ');
  const std::string text = Wrapped(std::string(kFlagColumns, ' '), words, kFlagColumns, " ");
  return absl::StrCat(Padded(name, kFlagColumns), text.substr(kFlagColumns), "\n");
}

std::vector<std::string> GroupsOf(const std::vector<Flag>& flags) {
  std::vector<std::string> groups;
  for (const Flag& flag : flags) {
    if (std::count(groups.begin(), groups.end(), flag.group) == 0) groups.push_back(flag.group);
  }
  return groups;
}

}  // namespace

std::string FlagNames(const std::vector<Flag>& flags) {
  std::string text;
  for (const std::string& group : GroupsOf(flags)) {
    std::vector<std::string> names;
    for (const Flag& flag : flags) {
      if (flag.group == group) names.push_back(FlagWithValue(flag));
    }
    absl::StrAppend(&text, Wrapped(Padded(group, kGroupColumns), names, kGroupColumns, "  "), "\n");
  }
  return text;
}

std::string FlagTexts(const std::vector<Flag>& flags) {
  std::string text;
  for (const std::string& group : GroupsOf(flags)) {
    absl::StrAppend(&text, text.empty() ? "" : "\n", group, ":\n");
    for (const Flag& flag : flags) {
      if (flag.group == group) absl::StrAppend(&text, Details(flag));
    }
  }
  return text;
}

}  // namespace udsecho::cli
