// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An agent that hands out short-lived tokens to the processes of its machine: see README.md.
//
//   agent /etc/tokens/agent.json
//
// SIGHUP reads the configuration and the key again, SIGTERM drains. Exit codes: 0, or 1 if it could not
// begin or had to cut calls off.

#include <signal.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon.h"
#include "log.h"
#include "rpc/server.h"
#include "rpc/stop_signals.h"
#include "uds/activation.h"

namespace {

int Fail(const absl::Status& why) {
  tokens::Log("failed", why.message());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Before any thread starts.
  absl::StatusOr<uds::ActivatedSockets> given = uds::ActivatedSockets::Take();
  if (!given.ok()) return Fail(given.status());
  const rpc::SignalDescriptor stop({SIGINT, SIGTERM});
  const rpc::SignalDescriptor hangup({SIGHUP});
  for (const absl::Status& status : {stop.status(), hangup.status()}) {
    if (!status.ok()) return Fail(status);
  }
  if (argc != 2) return Fail(absl::InvalidArgumentError("usage: agent CONFIG_FILE"));

  tokens::Daemon daemon(argv[1]);
  const absl::StatusOr<rpc::DrainResult> result =
      daemon.Run(*std::move(given), stop.fd(), hangup.fd());
  if (!result.ok()) return Fail(result.status());
  return result->calls_cut == 0 ? 0 : 1;
}
