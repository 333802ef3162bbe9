// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The daemon's command line.
//
//   const Command command = ParseCommandLine(argc, argv);
//   if (!command.options.has_value()) return command.exit_code;   // --help, or bad usage: printed
//   Run(*command.options);
//
// Thread safety: none is needed.

#ifndef SERVER_OPTIONS_H_
#define SERVER_OPTIONS_H_

#include <optional>
#include <string>

#include "rpc/server.h"
#include "server/log.h"
#include "uds/address.h"

namespace udsecho {

struct Options {
  uds::Address address;
  std::optional<std::string> reply;
  LogOptions log;
  rpc::ServerOptions server;
};

// Either what to run, or the exit code of a command line that asks for nothing to be run.
struct Command {
  std::optional<Options> options;
  int exit_code = 0;
};

// Prints help to standard output, and what is wrong with a command line, in one line, to standard
// error.
Command ParseCommandLine(int argc, const char* const* argv);

}  // namespace udsecho

#endif  // SERVER_OPTIONS_H_
