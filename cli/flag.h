// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a flag of a CLI::App is: the one description that parsing, help and completions read.
//
//   for (const cli::Flag& flag : cli::FlagsOf(app)) Print(flag.names, flag.text);
//
// An option's type_name() is its value as help shows it, and says what the value may be:
//
//   ""              no value
//   "TIME"          a value, after '=' or a space
//   "[=TIME]"       a value or none
//   "text|json"     one of these words; words in capitals stand for a value of one's own
//   "FILE"          a path; "TEXT|@FILE": any text, or a path after '@'
//   "TEXT"          any text, also the empty one; no other value may be empty
//
// Thread safety: pure functions.

#ifndef CLI_FLAG_H_
#define CLI_FLAG_H_

#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/match.h"

namespace udsecho::cli {

enum class Value { kNone, kOptional, kNeeded };

struct Flag {
  std::vector<std::string> names;  // "-o", "--output"; the last one is the long one
  std::string text;                // what help says
  std::string group;               // the heading in help
  std::string type;                // "FILE", without [=]
  Value value = Value::kNone;
  std::vector<std::string> choices;  // all that the value may be; empty: other values too
  std::vector<std::string> hints;    // words among those that it may be
  bool is_list = false;              // may be repeated; else the last one wins
  CLI::Option* option = nullptr;

  const std::string& name() const { return names.back(); }
  bool MayBeEmpty() const { return absl::StartsWith(type, "TEXT") || type == "SERVICE"; }
};

// In the order of their declaration.
std::vector<Flag> FlagsOf(CLI::App* app);

// "-o, --output=FILE", as help shows it.
std::string FlagWithValue(const Flag& flag);

}  // namespace udsecho::cli

#endif  // CLI_FLAG_H_
