// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo daemon, from an address to an exit code: main() without the command line and the
// signals.
//
//   const rpc::StopSignals signals;
//   Log log(options.log);
//   return RunDaemon(options, uds::UniqueFd(), signals.fd(), &log);
//
// Thread safety: RunDaemon() keeps its thread until the daemon has ended.
// Ownership: borrows the log.

#ifndef SERVER_DAEMON_H_
#define SERVER_DAEMON_H_

#include "server/exit_code.h"
#include "server/log.h"
#include "server/options.h"
#include "uds/unique_fd.h"

namespace udsecho {

// `handed_in`: a listening socket to serve on (uds/activation.h), or none. `stop_fd`: see
// rpc::Server::Run(). Failures are logged. Does not return once a call keeps the server from
// stopping: the process ends with kStuck.
ExitCode RunDaemon(const Options& options, uds::UniqueFd handed_in, int stop_fd, Log* log);

}  // namespace udsecho

#endif  // SERVER_DAEMON_H_
