// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/completion.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/completion_scripts.h"

namespace udsecho::cli {
namespace {

enum class Path { kNone, kWhole, kAfterAt };

Path PathOf(const Flag& flag) {
  if (absl::StrContains(flag.type, "@FILE")) return Path::kAfterAt;
  return absl::StrContains(flag.type, "FILE") ? Path::kWhole : Path::kNone;
}

bool TakesGroup(const Flag& flag) { return absl::StrContains(flag.type, "GID"); }

std::vector<std::string> NamesThatNeedTheNextWord(const std::vector<Flag>& flags) {
  std::vector<std::string> names;
  for (const Flag& flag : flags) {
    if (flag.value != Value::kNeeded) continue;
    names.insert(names.end(), flag.names.begin(), flag.names.end());
  }
  return names;
}

// Bash.

std::string BashCase(const Flag& flag, absl::string_view function) {
  std::string action;
  if (!flag.hints.empty()) {
    action = absl::StrCat(function, "_values '", absl::StrJoin(flag.hints, " "), "' \"$value\"");
  } else if (PathOf(flag) == Path::kWhole) {
    action = absl::StrCat(function, "_files \"$value\"");
  } else if (PathOf(flag) == Path::kAfterAt) {
    action = absl::StrCat(
        "[[ $value == @* && $value != @\\~* ]] || return 0\n      value=${value#@}\n      ",
        function, "_files \"$value\"");
  } else if (TakesGroup(flag)) {
    action = "mapfile -t COMPREPLY < <(compgen -g -- \"$value\")";
  } else {
    return "";
  }
  return absl::StrCat("    ", absl::StrJoin(flag.names, " | "), ")\n      ", action, " ;;\n");
}

std::string Bash(const std::vector<Flag>& flags, const std::string& program,
                 const std::string& function) {
  std::string values;
  std::vector<std::string> names;
  for (const Flag& flag : flags) {
    absl::StrAppend(&values, BashCase(flag, function));
    for (const std::string& name : flag.names) {
      const bool equals = flag.value == Value::kNeeded && absl::StartsWith(name, "--");
      names.push_back(equals ? name + "=" : name);
    }
  }
  return absl::StrReplaceAll(kBash,
                             {{"$VALUES", values},
                              {"$FLAGS", absl::StrJoin(names, " ")},
                              {"$NEEDING", absl::StrJoin(NamesThatNeedTheNextWord(flags), " | ")},
                              {"$FUNCTION", function},
                              {"$PROGRAM", program}});
}

// Zsh.

// In brackets and single quotes.
std::string ZshText(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"'", "'\\''"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}, {"\\", "\\\\"}});
}

std::string ZshAction(const Flag& flag) {
  if (!flag.hints.empty()) return "$FUNCTION_values " + absl::StrJoin(flag.hints, " ");
  if (PathOf(flag) == Path::kWhole) return "_files";
  if (PathOf(flag) == Path::kAfterAt) return "$FUNCTION_at_file";
  return TakesGroup(flag) ? "_groups" : " ";
}

std::string ZshSpec(const Flag& flag, absl::string_view name) {
  const std::string begin = absl::StrCat("    '*", name);
  const std::string text = absl::StrCat("[", ZshText(flag.text), "]");
  if (flag.value == Value::kNone) return absl::StrCat(begin, text, "'");
  const bool is_long = absl::StartsWith(name, "--");
  const bool needed = flag.value == Value::kNeeded;
  // Zsh takes the '=' of "-o=FILE" for the value's.
  const std::string action =
      is_long ? ZshAction(flag) : absl::StrCat("{ compset -P =; ", ZshAction(flag), "; }");
  return absl::StrCat(begin, !is_long ? (needed ? "+" : "-") : (needed ? "=" : "=-"), text,
                      needed ? ":" : "::", "value:", action, "'");
}

std::string Zsh(const std::vector<Flag>& flags, const std::string& program,
                const std::string& function) {
  std::string specs;
  for (const Flag& flag : flags) {
    for (const std::string& name : flag.names) {
      absl::StrAppend(&specs, ZshSpec(flag, name), " \\\n");
    }
  }
  const std::string script = absl::StrReplaceAll(kZsh, {{"$FLAGS", specs}});
  return absl::StrReplaceAll(script, {{"$FUNCTION", function}, {"$PROGRAM", program}});
}

// Fish.

std::string FishText(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// What a value may be. -r: also in the next word; -f: no file.
std::string FishValues(const Flag& flag) {
  if (flag.value == Value::kNone) return "";
  const std::string begin = flag.value == Value::kNeeded ? " -r" : "";
  if (!flag.hints.empty()) {
    const std::string words = absl::StrJoin(flag.hints, " ");
    const bool in_capitals = absl::ascii_isupper(static_cast<unsigned char>(words[0]));
    return absl::StrCat(
        begin, " -f -a ",
        FishText(in_capitals ? absl::StrCat("($FUNCTION_values ", words, ")") : words));
  }
  if (PathOf(flag) == Path::kWhole) return begin + " -F";
  if (PathOf(flag) == Path::kAfterAt) return begin + " -f -a '($FUNCTION_at_file)'";
  return begin + (TakesGroup(flag) ? " -f -a '(__fish_complete_groups)'" : " -f");
}

// With '-' for '_' too, which are listed where a '-' was typed.
std::vector<std::string> FishLines(const Flag& flag) {
  std::string letters;
  std::vector<std::string> lines;
  const std::string what = absl::StrCat(FishValues(flag), " -d ", FishText(flag.text));
  for (const std::string& name : flag.names) {
    if (!absl::StartsWith(name, "--")) {
      absl::StrAppend(&letters, " -s ", name.substr(1));
      continue;
    }
    const std::string word = name.substr(2);
    lines.push_back(absl::StrCat("complete -c $PROGRAM", letters, " -l ", word, what));
    if (!absl::StrContains(word, '_')) continue;
    lines.push_back(absl::StrCat("complete -c $PROGRAM -n $FUNCTION_has_hyphens -l ",
                                 absl::StrReplaceAll(word, {{"_", "-"}}), what));
  }
  return lines;
}

std::string Fish(const std::vector<Flag>& flags, const std::string& program,
                 const std::string& function) {
  std::vector<std::string> lines;
  for (const Flag& flag : flags) {
    const std::vector<std::string> more = FishLines(flag);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  const std::string script = absl::StrReplaceAll(
      kFish, {{"$FLAGS", absl::StrJoin(lines, "\n")},
              {"$NEEDING", absl::StrJoin(NamesThatNeedTheNextWord(flags), " ")}});
  return absl::StrReplaceAll(script, {{"$FUNCTION", function}, {"$PROGRAM", program}});
}

}  // namespace

absl::StatusOr<std::string> Completion(const std::vector<Flag>& flags, absl::string_view program,
                                       absl::string_view shell) {
  const std::string name(program.substr(program.rfind('/') + 1));
  std::string function = "_udsecho_";
  for (const char c : name) {
    const bool is_plain = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
    if (!is_plain && c != '-' && c != '.' && c != '+') {
      return absl::InvalidArgumentError(
          absl::StrCat("--completion: the program's own name, '", name,
                       "', has a character that a script would have to quote; call it by another"));
    }
    function += is_plain ? c : '_';
  }
  if (shell == "bash") return Bash(flags, name, function);
  if (shell == "zsh") return Zsh(flags, name, function);
  if (shell == "fish") return Fish(flags, name, function);
  return absl::InvalidArgumentError(
      absl::StrCat("--completion: '", shell, "' is not known; use bash, zsh or fish"));
}

}  // namespace udsecho::cli
