// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What --help prints, made from the flags of an App (client/command_line/flags.h).
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_COMMAND_LINE_HELP_H_
#define CLIENT_COMMAND_LINE_HELP_H_

#include <string>

#include "CLI/CLI.hpp"

namespace udsecho::client {

// All flags by name, in 24 lines of 80 columns.
std::string ShortHelp(const CLI::App& app);

// A line or two for each flag. The manual page is made from it (man/BUILD.bazel).
std::string FullHelp(const CLI::App& app);

// "-o, --output=FILE": a flag as help shows it.
std::string FlagWithValue(const CLI::Option& option);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_HELP_H_
