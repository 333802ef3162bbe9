// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The command line: client ADDRESS [MESSAGE...] [FLAGS]
//
//   const Parsed parsed = Parse(argc, argv);
//   if (!parsed.options.has_value()) { ...print parsed.output or parsed.outcome.error, and end... }
//
// Thread safety: Parse() is a pure function of its arguments.

#ifndef CLIENT_COMMAND_LINE_PARSE_H_
#define CLIENT_COMMAND_LINE_PARSE_H_

#include <optional>
#include <string>

#include "client/exit_code.h"
#include "client/options.h"

namespace udsecho::client {

struct Parsed {
  std::optional<Options> options;  // empty if the program is to end now
  Outcome outcome;                 // how it ends then
  std::string output;              // what --help and its like print, without the last line feed
};

// `argv` as main gets it. Options that contradict each other are bad usage; files are not looked
// at.
Parsed Parse(int argc, const char* const* argv);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_PARSE_H_
