// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/command_line/help.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/help.h"
#include "cli/program.h"

namespace udsecho::client {
namespace {

constexpr char kUsage[] =
    "Usage: $PROGRAM ADDRESS [MESSAGE...] [FLAGS]\n\n"
    "Sends each MESSAGE, line of standard input, or what is typed at a prompt to the\n"
    "Echo service at ADDRESS: a socket's path, unix-abstract:NAME or HOST:PORT.\n";

constexpr char kExamples[] =
    "  $PROGRAM /tmp/sock1 hello            $PROGRAM /tmp/sock1 --call=Hello -d '{}'\n"
    "  $PROGRAM /tmp/sock1 < lines          $PROGRAM /tmp/sock1 --bench --report=a.html\n";

constexpr char kMore[] = "What each flag does, and the exit codes: $PROGRAM --help=all";

constexpr char kExitCodes[] =
    "Exit codes: 0 all well; 1 input or output failed; 2 bad usage; 3 no connection;\n"
    "4 --health: not serving; 5 --bench: --rate missed; 6 --fail_if; 130 Ctrl-C;\n"
    "64 + N the call failed with gRPC status code N (68: no reply in time).";

constexpr char kNotes[] =
    "A value follows its flag after '=' or a space. An optional value, as in\n"
    "--wait[=TIME], needs the '=', except for a number or a TIME: --wait 3 is\n"
    "--wait=3. If a flag is given twice, the last one wins. After '--' all words are\n"
    "messages, also those that begin with '-'. A reply is printed as it is, line\n"
    "feeds included; at a terminal, what would move the cursor is escaped. A TIME is\n"
    "in seconds, or with a unit: 500ms, 1m30s.\n";

std::string Named(const std::string& text) {
  return absl::StrReplaceAll(text, {{"$PROGRAM", cli::ClientName()}});
}

}  // namespace

std::string ShortHelp(const std::vector<cli::Flag>& flags) {
  return Named(absl::StrCat(kUsage, "\n", cli::FlagNames(flags), "\n", kExamples, kMore));
}

std::string FullHelp(const std::vector<cli::Flag>& flags) {
  return Named(absl::StrCat(kUsage, "\n", cli::FlagTexts(flags), "\n", kNotes, "\n", kExitCodes));
}

}  // namespace udsecho::client
