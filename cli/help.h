// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The parts of --help that are made from the flags of an App (cli/flag.h). Lines have 80 columns
// at most.
//
// Thread safety: pure functions.

#ifndef CLI_HELP_H_
#define CLI_HELP_H_

#include <string>
#include <vector>

#include "cli/flag.h"

namespace udsecho::cli {

// A line for each heading: the names of its flags.
std::string FlagNames(const std::vector<Flag>& flags);

// Under each heading a line or more for each flag, with its text. Headings are parted by an empty
// line. help2man makes the manual pages from it (tools/man).
std::string FlagTexts(const std::vector<Flag>& flags);

}  // namespace udsecho::cli

#endif  // CLI_HELP_H_
