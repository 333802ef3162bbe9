// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/arguments.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/duration.h"
#include "cli/flag.h"
#include "cli/suggestion.h"

namespace udsecho::cli {
namespace {

// In front of each value on its way through CLI11, which would take an empty one for a missing one
// and "[a,b]" for two.
constexpr char kMark[] = "\x01";

constexpr absl::string_view kQuestions[] = {"--help", "--version", "--completion"};

std::string Unmarked(const std::string& value) {
  return absl::StartsWith(value, kMark) ? value.substr(1) : value;
}

absl::Status Refuse(absl::string_view what, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", why));
}

// "--log-format" is "--log_format".
std::string LongName(absl::string_view letters) {
  std::string name(letters);
  std::replace(name.begin(), name.end(), '-', '_');
  return absl::StrCat("--", name);
}

bool IsTruth(absl::string_view text) { return text == "true" || text == "false"; }

// May `text`, after a space, be the value that the flag could also do without?
bool LooksLikeValue(const Flag& flag, absl::string_view text) {
  if (std::count(flag.hints.begin(), flag.hints.end(), text) > 0) return true;
  if (text.empty() || (!absl::ascii_isdigit(static_cast<unsigned char>(text[0])) && text != "inf"))
    return false;
  if (flag.type == "TIME") return ParseDuration("", text).ok();
  return flag.type == "N" && std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

class Reader {
 public:
  Reader(CLI::App* app, std::vector<std::string> arguments)
      : flags_(FlagsOf(app)), arguments_(std::move(arguments)) {}

  absl::Status Read();

  std::vector<std::string> words() { return std::move(words_); }
  std::vector<std::string> ForCli11() const;

 private:
  const Flag* Find(absl::string_view name) const;
  // "--name" or "-name": the flag of that long name, and its value if there is one after '='.
  std::pair<const Flag*, std::optional<std::string>> FindLong(absl::string_view argument) const;
  bool IsFlag(absl::string_view argument) const;

  absl::Status ReadFlag(const std::string& argument);
  absl::Status ReadLetters(const std::string& argument);
  absl::Status Set(const Flag& flag, const std::string& name, std::optional<std::string> value);
  absl::Status Unknown(absl::string_view argument) const;
  absl::Status CheckValue(const Flag& flag, const std::string& name,
                          const std::string& value) const;

  const std::vector<Flag> flags_;
  const std::vector<std::string> arguments_;
  size_t next_ = 0;
  std::vector<std::string> words_;
  std::map<std::string, std::vector<std::optional<std::string>>> given_;  // by long name
};

const Flag* Reader::Find(absl::string_view name) const {
  for (const Flag& flag : flags_) {
    if (std::count(flag.names.begin(), flag.names.end(), name) > 0) return &flag;
  }
  return nullptr;
}

std::pair<const Flag*, std::optional<std::string>> Reader::FindLong(
    absl::string_view argument) const {
  argument.remove_prefix(absl::StartsWith(argument, "--") ? 2 : 1);
  const size_t equals = argument.find('=');
  std::optional<std::string> value;
  if (equals != absl::string_view::npos) value = std::string(argument.substr(equals + 1));
  return {Find(LongName(argument.substr(0, equals))), std::move(value)};
}

bool Reader::IsFlag(absl::string_view argument) const {
  if (argument.size() < 2 || argument[0] != '-') return false;
  return argument == "--" || FindLong(argument).first != nullptr || Find(argument) != nullptr;
}

absl::Status Reader::Read() {
  while (next_ < arguments_.size()) {
    const std::string& argument = arguments_[next_++];
    if (argument == "--") {
      words_.insert(words_.end(), arguments_.begin() + static_cast<ptrdiff_t>(next_),
                    arguments_.end());
      return absl::OkStatus();
    }
    if (argument.size() < 2 || argument[0] != '-') {
      words_.push_back(argument);
      continue;
    }
    if (absl::Status status = ReadFlag(argument); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadFlag(const std::string& argument) {
  // "-o" is a letter, even if there were a flag "--o".
  const bool is_letter = argument.size() == 2;
  auto [flag, value] = FindLong(argument);
  if (flag != nullptr && !is_letter) return Set(*flag, flag->name(), std::move(value));
  if (absl::StartsWith(argument, "--")) return Unknown(argument);
  return ReadLetters(argument);
}

absl::Status Reader::ReadLetters(const std::string& argument) {
  for (size_t i = 1; i < argument.size(); ++i) {
    const std::string name = {'-', argument[i]};
    const Flag* const flag = Find(name);
    if (flag == nullptr) return Unknown(argument);
    std::optional<std::string> value;
    if (flag->value != Value::kNone && i + 1 < argument.size()) {
      value = argument.substr(i + (argument[i + 1] == '=' ? 2 : 1));
      i = argument.size();
    }
    if (absl::Status status = Set(*flag, name, std::move(value)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Reader::Set(const Flag& flag, const std::string& name,
                         std::optional<std::string> value) {
  std::vector<std::optional<std::string>>& given = given_[flag.name()];
  if (!flag.is_list) given.clear();
  if (flag.value == Value::kNone) {
    if (value == "false") return absl::OkStatus();
    if (value.has_value() && value != "true") {
      return Refuse(name, absl::StrCat("this flag takes no value, but '", *value, "' was given"));
    }
    if (!value.has_value() && next_ < arguments_.size() && IsTruth(arguments_[next_])) {
      return Refuse(name, absl::StrCat("does '", arguments_[next_], "' belong to it? Write ", name,
                                       "=", arguments_[next_], ", or ", name, " -- ",
                                       arguments_[next_], " if it does not"));
    }
    given.emplace_back();
    return absl::OkStatus();
  }
  const bool has_next = !value.has_value() && next_ < arguments_.size();
  if (flag.value == Value::kOptional) {
    if (has_next && LooksLikeValue(flag, arguments_[next_])) value = arguments_[next_++];
    if (value == "" && flag.MayBeEmpty()) value.reset();
  } else if (!value.has_value()) {
    if (!has_next || IsFlag(arguments_[next_])) {
      return Refuse(name,
                    absl::StrCat("its value is missing: write ", flag.name(), "=", flag.type));
    }
    value = arguments_[next_++];
  }
  if (value.has_value()) {
    if (absl::Status status = CheckValue(flag, name, *value); !status.ok()) return status;
  }
  given.push_back(std::move(value));
  return absl::OkStatus();
}

absl::Status Reader::CheckValue(const Flag& flag, const std::string& name,
                                const std::string& value) const {
  if (value.empty() && !flag.MayBeEmpty()) {
    return Refuse(name, absl::StrCat("its value is empty: write ", flag.name(), "=", flag.type));
  }
  if (flag.choices.empty() || std::count(flag.choices.begin(), flag.choices.end(), value) > 0) {
    return absl::OkStatus();
  }
  const std::string suggestion = DidYouMean(value, flag.choices);
  return Refuse(name, absl::StrCat("'", value, "' is not known",
                                   suggestion.empty() ? "; use " : suggestion + " It takes ",
                                   absl::StrJoin(flag.choices, ", ")));
}

absl::Status Reader::Unknown(absl::string_view argument) const {
  const std::string name(argument.substr(0, argument.find('=')));
  std::vector<std::string> names;
  names.reserve(flags_.size());
  for (const Flag& flag : flags_) names.push_back(flag.name());
  std::string suggestion = DidYouMean(name, names);
  if (suggestion.empty() && !absl::StartsWith(name, "--")) {
    suggestion = "; what begins with '-' and is no flag goes after '--'";
  }
  return absl::InvalidArgumentError(absl::StrCat("there is no flag ", name, suggestion));
}

std::vector<std::string> Reader::ForCli11() const {
  const bool asks = std::any_of(std::begin(kQuestions), std::end(kQuestions), [this](auto name) {
    const auto found = given_.find(std::string(name));
    return found != given_.end() && !found->second.empty();
  });
  std::vector<std::string> arguments;
  for (const auto& [name, values] : given_) {
    if (asks && std::count(std::begin(kQuestions), std::end(kQuestions), name) == 0) continue;
    for (const std::optional<std::string>& value : values) {
      arguments.push_back(value.has_value() ? absl::StrCat(name, "=", kMark, *value) : name);
    }
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  return arguments;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> Parse(CLI::App* app, int argc, const char* const* argv) {
  Reader reader(app, {argv + std::min(argc, 1), argv + argc});
  if (absl::Status status = reader.Read(); !status.ok()) return status;
  for (const Flag& flag : FlagsOf(app)) {
    if (flag.value == Value::kNone) continue;
    flag.option->allow_extra_args(false);
    flag.option->transform(Unmarked);
  }
  try {
    app->parse(reader.ForCli11());
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return reader.words();
}

}  // namespace udsecho::cli
