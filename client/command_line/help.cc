// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/help.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace udsecho::client {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kGroupColumns = 9;
constexpr size_t kFlagColumns = 32;

constexpr char kUsage[] =
    "Usage: client ADDRESS [MESSAGE...] [FLAGS]\n\n"
    "Sends each MESSAGE to the Echo service at ADDRESS and prints its reply.\n"
    "Without one: the lines of standard input, or on a terminal a prompt. ADDRESS is\n"
    "a socket's path, unix-abstract:NAME or HOST:PORT.\n";

constexpr char kExamples[] =
    "  client /tmp/sock1 hello              client /tmp/sock1 hi --interval=1s\n"
    "  client /tmp/sock1 < lines            client /tmp/sock1 --bench --report=a.html\n";

constexpr char kExitCodes[] =
    "Exit codes: 0 all well; 1 input or output failed; 2 bad usage; 3 no connection;\n"
    "4 --health: not serving; 5 --bench: --rate missed; 130 Ctrl-C; 64 + N the call\n"
    "failed with gRPC status code N (68: no reply in time).";

constexpr char kNotes[] =
    "A message that begins with '-' goes after '--'. A reply is printed as it is, line feeds\n"
    "included. A TIME is in seconds, or with a unit: 500ms, 1m30s.\n";

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

std::vector<const CLI::Option*> FlagsOf(const CLI::App& app, const std::string& group) {
  return app.get_options([&](const CLI::Option* option) {
    return option->nonpositional() && option->get_group() == group;
  });
}

std::string Details(const CLI::Option& option) {
  std::string flag = absl::StrCat("  ", FlagWithValue(option));
  if (flag.size() + 2 > kFlagColumns) absl::StrAppend(&flag, "\n", std::string(kFlagColumns, ' '));
  const std::vector<std::string> words = absl::StrSplit(option.get_description(), ' ');
  const std::string text = Wrapped(std::string(kFlagColumns, ' '), words, kFlagColumns, " ");
  return absl::StrCat(Padded(flag, kFlagColumns), text.substr(kFlagColumns), "\n");
}

}  // namespace

std::string FlagWithValue(const CLI::Option& option) {
  std::string text;
  for (const std::string& name : option.get_snames()) absl::StrAppend(&text, "-", name, ", ");
  absl::StrAppend(&text, "--", option.get_lnames()[0]);
  const std::string value = option.get_type_name();
  if (!value.empty() && !absl::StartsWith(value, "[")) absl::StrAppend(&text, "=");
  return absl::StrCat(text, value);
}

std::string ShortHelp(const CLI::App& app) {
  std::string help = absl::StrCat(kUsage, "\n");
  for (const std::string& group : app.get_groups()) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : FlagsOf(app, group)) flags.push_back(FlagWithValue(*option));
    if (flags.empty()) continue;
    absl::StrAppend(&help, Wrapped(Padded(group, kGroupColumns), flags, kGroupColumns, "  "), "\n");
  }
  return absl::StrCat(help, "\n", kExamples, kExitCodes);
}

std::string FullHelp(const CLI::App& app) {
  std::string help = kUsage;
  for (const std::string& group : app.get_groups()) {
    const std::vector<const CLI::Option*> flags = FlagsOf(app, group);
    if (!flags.empty()) absl::StrAppend(&help, "\n", group, ":\n");
    for (const CLI::Option* option : flags) absl::StrAppend(&help, Details(*option));
  }
  return absl::StrCat(help, "\n", kNotes, "\n", kExitCodes);
}

}  // namespace udsecho::client
