// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The command line: client ADDRESS [MESSAGE...] [--timeout=5s] [--verbose]
//
//   const Parsed parsed = Parse(argc, argv);
//   if (!parsed.options.has_value()) { ...print parsed.output or parsed.outcome.error, and end... }
//
// Thread safety: Parse() is a pure function of its arguments.

#ifndef CLIENT_OPTIONS_H_
#define CLIENT_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/exit_code.h"

namespace udsecho::client {

enum class Verbosity { kQuiet, kVerbose };

struct Options {
  // What uds::Address::Parse() understands; not looked at here.
  std::string address;

  // Each is one call of Echo, and is UTF-8. None: the lines of standard input, over one Chat.
  std::vector<std::string> messages;

  // How long to wait for a connection, and then for each reply. Above zero; may be infinite.
  absl::Duration timeout = absl::Seconds(5);

  // kVerbose: tells on standard error what is done.
  Verbosity verbosity = Verbosity::kQuiet;
};

struct Parsed {
  std::optional<Options> options;  // empty if the program is to end now
  Outcome outcome;                 // how it ends then
  std::string output;              // what --help and --version print, without the last line feed
};

// `argv` as main gets it.
Parsed Parse(int argc, const char* const* argv);

}  // namespace udsecho::client

#endif  // CLIENT_OPTIONS_H_
