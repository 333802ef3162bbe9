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
#include <vector>

#include "absl/status/statusor.h"
#include "rpc/server.h"
#include "server/allow_list.h"
#include "server/log.h"
#include "server/log_files.h"
#include "uds/address.h"
#include "uds/listener.h"

namespace udsecho {

struct Options {
  uds::Address address;
  uds::ListenerOptions listener;
  AllowList allow;
  std::optional<std::string> reply;
  LogOptions log;
  LogPaths log_paths = {};
  // The lines of a flag file that SIGHUP cannot change.
  std::vector<std::string> fixed_lines = {};
  bool interop = false;  // serve grpc.testing.TestService too
  std::string metrics;   // where Prometheus finds them; empty: nowhere
  rpc::ServerOptions server;
};

// Either what to run, or the exit code of a command line that asks for nothing to be run.
struct Command {
  std::optional<Options> options;
  int exit_code = 0;
};

// Prints help to standard output, and what is wrong with a command line, in one line, to standard
// error. `activated`: where the socket listens that was handed in (uds/activation.h), if one was.
// An address may then be left out, and what would change the socket is refused.
Command ParseCommandLine(int argc, const char* const* argv,
                         const std::optional<uds::Address>& activated = std::nullopt);

// The same command line once more, for SIGHUP: its flag files and names of users and groups may have
// changed. INVALID_ARGUMENT with what ParseCommandLine() would have printed.
absl::StatusOr<Options> ParseAgain(int argc, const char* const* argv,
                                   const std::optional<uds::Address>& activated);

}  // namespace udsecho

#endif  // SERVER_OPTIONS_H_
