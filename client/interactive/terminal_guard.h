// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Gives a terminal back as it was when a signal ends or stops the process while a line is edited.
//
//   TerminalGuard guard(STDIN_FILENO);
//   ...sets the terminal as line editing needs it...
//   ...poll guard.continued(): once it is readable, set the terminal again, and draw the prompt...
//
// SIGTERM, SIGHUP and SIGQUIT still end the process, and SIGTSTP (Ctrl-Z) stops it. What was ignored
// stays so.
//
// Thread safety: none; one guard at a time. Its signals may come to any thread. Ownership: borrows the
// descriptor.

#ifndef CLIENT_INTERACTIVE_TERMINAL_GUARD_H_
#define CLIENT_INTERACTIVE_TERMINAL_GUARD_H_

#include <signal.h>

#include <utility>
#include <vector>

#include "uds/unique_fd.h"

namespace udsecho::client {

class TerminalGuard {
 public:
  explicit TerminalGuard(int terminal);
  ~TerminalGuard();
  TerminalGuard(const TerminalGuard&) = delete;
  TerminalGuard& operator=(const TerminalGuard&) = delete;

  // An eventfd, non-blocking: readable once the process goes on after a stop.
  int continued() const { return continued_.get(); }

 private:
  void Handle(int signal, void (*handler)(int));

  const uds::UniqueFd continued_;
  std::vector<std::pair<int, struct sigaction>> before_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_TERMINAL_GUARD_H_
