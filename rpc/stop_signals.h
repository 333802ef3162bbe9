// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// SIGINT and SIGTERM as a descriptor to read, which is how a server is asked to stop.
//
//   int main() {
//     rpc::StopSignals signals;                    // before any thread starts
//     ...
//     server.Run(std::move(listener), signals.fd());
//   }
//
// The signals stay blocked, in the thread that makes this and in those that it starts afterwards,
// so that none of them is interrupted. SIGPIPE is ignored: a log whose reader has gone is no reason
// to end.
//
// Thread safety: none is needed.
// Ownership: owns its descriptor. Make one in a process.

#ifndef RPC_STOP_SIGNALS_H_
#define RPC_STOP_SIGNALS_H_

#include "uds/unique_fd.h"

namespace rpc {

class StopSignals {
 public:
  StopSignals();

  // A signalfd, non-blocking: readable when a signal has come.
  int fd() const { return fd_.get(); }

 private:
  uds::UniqueFd fd_;
};

}  // namespace rpc

#endif  // RPC_STOP_SIGNALS_H_
