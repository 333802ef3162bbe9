// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The server that follows this one while this one still serves: the same command line, run anew, so
// that an upgraded program or flags that a reload cannot change come into force without a call lost.
//
//   Successor successor(argv);                     // first in main
//   ...
//   successor.Start(listening);                    // SIGUSR2
//   if (auto ended = successor.CheckEnded(); ended.has_value()) ...it failed; serve on...   // SIGCHLD
//
// and in the new process:
//
//   const std::optional<Predecessor> predecessor = Predecessor::Take();    // first in main
//
// A path is taken over (uds::ClaimOptions::take_over), and this server drains once it has lost it. A
// socket that a service manager handed in is handed on (LISTEN_FDS), and the new server tells this
// one to stop by SIGTERM once it serves.
//
// Thread safety: none, but for alive(), which any thread may ask. Ownership: borrows argv.

#ifndef SERVER_SUCCESSOR_H_
#define SERVER_SUCCESSOR_H_

#include <sys/types.h>

#include <atomic>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "uds/unique_fd.h"

namespace udsecho {

class Successor {
 public:
  // Remembers where the program is: after an upgrade another one is there.
  explicit Successor(char** argv);

  // `listening`: a socket to hand on, or -1. ALREADY_EXISTS: one is starting. FAILED_PRECONDITION: this
  // process is the first one of a container, which would end with it. Other errors: it cannot be run.
  absl::Status Start(int listening);

  // Whether it was started, and has not ended.
  bool alive() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }

  // Why it has ended, if it has since Start().
  std::optional<absl::Status> CheckEnded();

 private:
  char** const argv_;
  std::string program_;
  std::atomic<pid_t> pid_ = 0;
};

// The server that started this one as its successor.
class Predecessor {
 public:
  // If one did. Takes the word of it out of the environment.
  static std::optional<Predecessor> Take();

  // Asks it to stop, unless it has ended.
  void Stop() const;

 private:
  Predecessor(pid_t pid, uds::UniqueFd process) : pid_(pid), process_(std::move(process)) {}

  pid_t pid_;
  uds::UniqueFd process_;  // a pidfd; invalid where the kernel has none
};

}  // namespace udsecho

#endif  // SERVER_SUCCESSOR_H_
