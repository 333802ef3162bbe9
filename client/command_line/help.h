// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What --help prints, made from the flags (client/command_line/flags.h).
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_COMMAND_LINE_HELP_H_
#define CLIENT_COMMAND_LINE_HELP_H_

#include <string>
#include <vector>

#include "cli/flag.h"

namespace udsecho::client {

// All flags by name, in 24 lines of 80 columns.
std::string ShortHelp(const std::vector<cli::Flag>& flags);

// A line or two for each flag. The manual page is made from it (tools/man).
std::string FullHelp(const std::vector<cli::Flag>& flags);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_HELP_H_
