// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/stop_signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace rpc {
namespace {

// A signal that is blocked is kept although it is ignored, so an ignored one must not be blocked.
// But for SIGINT, which watchdog.cc looks at.
bool StaysIgnored(int signal) {
  struct sigaction before = {};
  return signal == SIGHUP && sigaction(signal, nullptr, &before) == 0 &&
         before.sa_handler == SIG_IGN;
}

}  // namespace

SignalDescriptor::SignalDescriptor(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) {
    if (!StaysIgnored(signal)) sigaddset(&set, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  fd_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd_.valid()) return;
  status_ = absl::ErrnoToStatus(
      errno, "there is no descriptor for signals to come by; free some, or raise `ulimit -n`");
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

StopSignals::StopSignals() : SignalDescriptor({SIGHUP, SIGINT, SIGTERM}) {}

}  // namespace rpc
