// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo daemon, from an address to an exit code: main() without the command line and the
// signals.
//
//   const rpc::SignalDescriptor stop({SIGINT, SIGTERM});
//   const rpc::SignalDescriptor others({SIGHUP, SIGUSR2, SIGCHLD});
//   ...
//   return RunDaemon(options, uds::UniqueFd(),
//                    {.stop = &stop, .others = &others, .log = &log, .log_files = &files, ...});
//
// Thread safety: RunDaemon() keeps its thread until the daemon has ended.
// Ownership: borrows its surroundings.

#ifndef SERVER_DAEMON_H_
#define SERVER_DAEMON_H_

#include <functional>

#include "absl/status/statusor.h"
#include "rpc/stop_signals.h"
#include "server/exit_code.h"
#include "server/log.h"
#include "server/log_files.h"
#include "server/options.h"
#include "server/successor.h"
#include "uds/unique_fd.h"

namespace udsecho {

struct Surroundings {
  const rpc::SignalDescriptor* stop = nullptr;
  const rpc::SignalDescriptor* others = nullptr;
  Successor* successor = nullptr;
  const Predecessor* predecessor = nullptr;  // null: none has started this one
  Log* log = nullptr;
  Log* access_log = nullptr;  // null: none
  LogFiles* log_files = nullptr;
  // The options as they are to be from now on. Called on another thread, when SIGHUP has come.
  std::function<absl::StatusOr<Options>()> reload;
};

// `handed_in`: a listening socket to serve on (uds/activation.h), or none. Failures are logged. Does
// not return once a call keeps the server from stopping: the process ends with kStuck.
ExitCode RunDaemon(const Options& options, uds::UniqueFd handed_in,
                   const Surroundings& surroundings);

}  // namespace udsecho

#endif  // SERVER_DAEMON_H_
