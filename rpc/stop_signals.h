// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Signals as a descriptor to read, which is how a server is asked to stop.
//
//   int main() {
//     rpc::StopSignals signals;                    // before any thread starts
//     ...
//     return server.Run(std::move(listener), signals.fd()).ok() ? 0 : 1;
//   }
//
// The signals stay blocked, in the thread that makes this and in those that it starts afterwards,
// so that none of them is interrupted. SIGPIPE is ignored: a log whose reader has gone is no reason
// to end.
//
// What the program was started with as ignored stays so: SIGHUP with `nohup server`, and SIGINT with
// `server &` in a script, whose Ctrl-C is not meant for the server. (Server::Run() counts SIGINT
// all the same if a program sends it twice within half a second.) SIGTERM always counts.
//
// Thread safety: none is needed.
// Ownership: owns its descriptor. A signal must be in one of these only.

#ifndef RPC_STOP_SIGNALS_H_
#define RPC_STOP_SIGNALS_H_

#include <initializer_list>

#include "absl/status/status.h"
#include "uds/unique_fd.h"

namespace rpc {

class SignalDescriptor {
 public:
  SignalDescriptor(std::initializer_list<int> signals);

  // A signalfd(2), non-blocking: readable when one of the signals has come; read(2) gives a
  // signalfd_siginfo for each. -1 if there is none.
  int fd() const { return fd_.get(); }

  // RESOURCE_EXHAUSTED or another error if there is no descriptor. The signals then do what they do
  // in a program that knows nothing of them: they end it.
  const absl::Status& status() const { return status_; }

 private:
  uds::UniqueFd fd_;
  absl::Status status_;
};

// The signals that ask a program to end: SIGHUP, SIGINT and SIGTERM. A program that has another use for SIGHUP makes a
// SignalDescriptor of the others.
class StopSignals : public SignalDescriptor {
 public:
  StopSignals();
};

}  // namespace rpc

#endif  // RPC_STOP_SIGNALS_H_
