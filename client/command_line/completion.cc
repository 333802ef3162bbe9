// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/completion.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/exit_code.h"

namespace udsecho::client {
namespace {

struct Flag {
  std::vector<std::string> names;  // "-o", "--output"
  std::string text;
  bool takes_value = false;         // after '='
  bool needs_value = false;         // or after a space
  bool is_file = false;             // FILE, or @FILE
  std::vector<std::string> values;  // what it may be
};

// What stands for the value of one's own in help is in capitals.
bool IsPlaceholder(absl::string_view value) {
  return value.empty() || !absl::ascii_islower(static_cast<unsigned char>(value[0]));
}

Flag Describe(const CLI::Option& option) {
  Flag flag;
  flag.text = option.get_description();
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  const std::string type = option.get_type_name();
  flag.takes_value = !type.empty();
  flag.needs_value = flag.takes_value && type[0] != '[';
  flag.is_file = absl::StrContains(type, "FILE");
  if (option.get_lnames()[0] == "fault") {
    for (int code = 1; code <= 16; ++code) {
      flag.values.push_back(CodeName(static_cast<grpc::StatusCode>(code)));
    }
    return flag;
  }
  absl::string_view alternatives = type;
  absl::ConsumePrefix(&alternatives, "[=");
  absl::ConsumeSuffix(&alternatives, "]");
  for (const absl::string_view value : absl::StrSplit(alternatives, '|')) {
    if (!IsPlaceholder(value)) flag.values.emplace_back(value);
  }
  return flag;
}

std::vector<Flag> FlagsOf(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) flags.push_back(Describe(*option));
  }
  return flags;
}

constexpr char kBash[] = R"(# bash completion for udsecho's client.
_udsecho_client() {
  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}
  # Bash parts words at '=': --flag = value
  if [[ $word == = ]]; then
    word=
  elif [[ $flag == = ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=()
  case $flag in
$VALUES  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W '$FLAGS' -- "$word")
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && { compopt -o nospace 2>/dev/null || :; }
    return 0
  fi
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -o filenames -F _udsecho_client client)";

std::string BashCase(const Flag& flag) {
  const std::string names = absl::StrJoin(flag.names, " | ");
  if (!flag.values.empty()) {
    return absl::StrCat("    ", names, ")\n      mapfile -t COMPREPLY < <(compgen -W '",
                        absl::StrJoin(flag.values, " "), "' -- \"$word\")\n      return ;;\n");
  }
  if (flag.is_file) {
    return absl::StrCat("    ", names,
                        ")\n      mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                        "      return ;;\n");
  }
  return flag.needs_value ? absl::StrCat("    ", names, ") return ;;\n") : "";
}

// In brackets and single quotes.
std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

std::string ZshSpec(const Flag& flag, absl::string_view name) {
  const bool is_long = absl::StartsWith(name, "--");
  const std::string equals = !flag.takes_value  ? ""
                             : !is_long         ? "+"
                             : flag.needs_value ? "="
                                                : "=-";
  std::string spec = absl::StrCat("'*", name, equals, "[", ZshText(flag.text), "]");
  if (!flag.takes_value) return absl::StrCat(spec, "'");
  absl::StrAppend(&spec, flag.needs_value ? ":" : "::", "value:");
  if (!flag.values.empty()) {
    absl::StrAppend(&spec, "(", absl::StrJoin(flag.values, " "), ")");
  } else if (flag.is_file) {
    absl::StrAppend(&spec, "_files");
  }
  return absl::StrCat(spec, "'");
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  std::string values;
  std::vector<std::string> names;
  for (const Flag& flag : FlagsOf(app)) {
    absl::StrAppend(&values, BashCase(flag));
    for (const std::string& name : flag.names) {
      names.push_back(flag.needs_value && absl::StartsWith(name, "--") ? name + "=" : name);
    }
  }
  return absl::StrReplaceAll(kBash, {{"$VALUES", values}, {"$FLAGS", absl::StrJoin(names, " ")}});
}

std::string ZshCompletion(const CLI::App& app) {
  std::string script =
      "#compdef client\n# zsh completion for udsecho's client.\n_arguments -s -S \\\n";
  for (const Flag& flag : FlagsOf(app)) {
    for (const std::string& name : flag.names) {
      absl::StrAppend(&script, "  ", ZshSpec(flag, name), " \\\n");
    }
  }
  return absl::StrCat(script, "  '1:address:_files' '*:message:'");
}

}  // namespace udsecho::client
