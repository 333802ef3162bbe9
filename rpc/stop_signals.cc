// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/stop_signals.h"

#include <grpc/support/log.h>
#include <signal.h>
#include <sys/signalfd.h>

namespace rpc {

StopSignals::StopSignals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  GPR_ASSERT(pthread_sigmask(SIG_BLOCK, &stop, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  fd_.reset(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
  GPR_ASSERT(fd_.valid());
}

}  // namespace rpc
