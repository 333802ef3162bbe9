// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interactive/terminal_guard.h"

#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>

namespace udsecho::client {
namespace {

// What the handlers work with: set before they are installed.
struct Guarded {
  int terminal = -1;
  int continued = -1;
  bool has_settings = false;
  termios settings = {};
};
Guarded guarded;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

// All that is called in a handler is async-signal-safe: signal-safety(7).

void Continued(int /*signal*/) {
  const int saved_errno = errno;
  const eventfd_t one = 1;
  static_cast<void>(TEMP_FAILURE_RETRY(write(guarded.continued, &one, sizeof(one))));
  errno = saved_errno;
}

// The signal does what it does by default, with the terminal as it was.
void GiveBack(int signal) {
  const int saved_errno = errno;
  // In the background the terminal is another's, and to set it would stop the process.
  if (guarded.has_settings && tcgetpgrp(guarded.terminal) == getpgrp()) {
    tcsetattr(guarded.terminal, TCSANOW, &guarded.settings);
  }
  struct sigaction by_default = {};
  by_default.sa_handler = SIG_DFL;
  struct sigaction ours = {};
  sigaction(signal, &by_default, &ours);
  raise(signal);
  sigset_t signals;
  sigset_t mask;
  sigemptyset(&signals);
  sigaddset(&signals, signal);
  pthread_sigmask(SIG_UNBLOCK, &signals, &mask);  // here it ends, or stops
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  sigaction(signal, &ours, nullptr);
  // Also where nothing could stop it, as in an orphaned process group.
  Continued(signal);
  errno = saved_errno;
}

}  // namespace

TerminalGuard::TerminalGuard(int terminal) : continued_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  guarded.terminal = terminal;
  guarded.continued = continued_.get();
  guarded.has_settings = tcgetattr(terminal, &guarded.settings) == 0;
  for (const int signal : {SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) Handle(signal, &GiveBack);
  Handle(SIGCONT, &Continued);
}

TerminalGuard::~TerminalGuard() {
  for (const auto& [signal, action] : before_) sigaction(signal, &action, nullptr);
}

void TerminalGuard::Handle(int signal, void (*handler)(int)) {
  struct sigaction before = {};
  sigaction(signal, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
  before_.emplace_back(signal, before);
}

}  // namespace udsecho::client
