// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/stop_signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include "rpc/check.h"

namespace rpc {

StopSignals::StopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  RPC_CHECK(pthread_sigmask(SIG_BLOCK, &stop, nullptr) == 0, "signals cannot be blocked");
  signal(SIGPIPE, SIG_IGN);
  fd_.reset(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
  RPC_CHECK(fd_.valid(), "no descriptor for signals to come by");
}

}  // namespace rpc
