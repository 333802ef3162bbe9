// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The command line, read the way both programs do.
//
//   const absl::StatusOr<std::vector<std::string>> words = cli::Parse(&app, argc, argv);
//   if (!words.ok()) return Usage(words.status());
//
//   --flag=VALUE, --flag VALUE, -f VALUE, -fVALUE; -flag and --the-flag mean --flag and --the_flag
//   --flag=            an empty value, where any text may be one (cli/flag.h)
//   --flag=1 --flag=2  the last one wins, unless the flag is a list
//   --                 what follows are words, whatever they begin with
//
// A flag whose value is optional has it after '='. A space will do for a number, a time, or one of
// the words that the flag knows: "--wait 3", "--help all". No flag takes more than one word.
//
// CLI11 declares the flags, converts their values and stores them. It does not read the command
// line: it would take lists apart ("[a,b]"), drop empty values and let a list eat what follows.
//
// Thread safety: none is needed.

#ifndef CLI_ARGUMENTS_H_
#define CLI_ARGUMENTS_H_

#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/statusor.h"

namespace udsecho::cli {

// Sets the flags of `app`, once, and returns the words that belong to none. INVALID_ARGUMENT: a
// sentence about the first thing that is wrong, which may quote what was typed, as it was typed.
// With --help, --version or --completion the other flags are not looked at.
absl::StatusOr<std::vector<std::string>> Parse(CLI::App* app, int argc, const char* const* argv);

}  // namespace udsecho::cli

#endif  // CLI_ARGUMENTS_H_
