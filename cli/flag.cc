// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/flag.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace udsecho::cli {
namespace {

bool IsPlaceholder(absl::string_view word) {
  return word.empty() || !absl::ascii_islower(static_cast<unsigned char>(word[0]));
}

void DescribeValue(absl::string_view type, Flag* flag) {
  if (type.empty()) return;
  flag->value = Value::kNeeded;
  if (absl::ConsumePrefix(&type, "[=")) {
    absl::ConsumeSuffix(&type, "]");
    flag->value = Value::kOptional;
  }
  flag->type = std::string(type);
  bool has_placeholder = false;
  for (const absl::string_view word : absl::StrSplit(type, '|')) {
    if (IsPlaceholder(word)) {
      has_placeholder = true;
    } else {
      flag->hints.emplace_back(word);
    }
  }
  if (!has_placeholder) flag->choices = flag->hints;
}

Flag Describe(CLI::Option* option) {
  Flag flag;
  for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
  flag.text = option->get_description();
  flag.group = option->get_group();
  flag.is_list = option->get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll ||
                 option->get_items_expected_max() > 1;
  flag.option = option;
  DescribeValue(option->get_type_name(), &flag);
  return flag;
}

}  // namespace

std::vector<Flag> FlagsOf(CLI::App* app) {
  std::vector<Flag> flags;
  for (CLI::Option* option : app->get_options()) {
    if (option->nonpositional()) flags.push_back(Describe(option));
  }
  return flags;
}

std::string FlagWithValue(const Flag& flag) {
  std::string names = absl::StrJoin(flag.names, ", ");
  switch (flag.value) {
    case Value::kNone:
      return names;
    case Value::kOptional:
      return absl::StrCat(names, "[=", flag.type, "]");
    case Value::kNeeded:
      break;
  }
  return absl::StrCat(names, "=", flag.type);
}

}  // namespace udsecho::cli
