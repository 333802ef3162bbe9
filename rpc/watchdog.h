// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A thread that reads the wish to stop, and ends the process if a handler keeps the server from
// stopping.
//
//   rpc::Watchdog watchdog({.stop_fd = signals.fd(), ...});
//   absl::Status started = watchdog.Start();
//   loop.Run();
//   watchdog.Finish();
//
// A handler that blocks keeps its loop from reading a signal, so that another thread must read it.
// This one sleeps in poll(2) until there is one.
//
// Thread safety: Start() and Finish() are the owner's. Ownership: borrows the descriptors.

#ifndef RPC_WATCHDOG_H_
#define RPC_WATCHDOG_H_

#include <functional>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "uds/unique_fd.h"

namespace rpc {

class Watchdog {
 public:
  struct Parts {
    // Each time that this is readable, up to 128 bytes (one record of a signalfd) are read and
    // count as one wish to stop. Within half a second of the first wish they count as that one:
    // Ctrl-C reaches a server twice through wrappers that pass it on. For SIGINT that the process
    // was started with as ignored, see stop_signals.h. -1: none.
    int stop_fd;
    // An eventfd with EFD_SEMAPHORE that counts such wishes too.
    int stop_counter;
    // Called for each of them, on this thread.
    std::function<void()> stop;
    // How long the server may take from the first one to the last of its calls.
    std::function<absl::Duration()> grace;
    // Called when it took kStuck longer than that, or kStuck from the second wish on; time in which
    // the process was stopped does not count. Must not return.
    std::function<void()> stuck;
  };

  static constexpr absl::Duration kStuck = absl::Seconds(1);

  explicit Watchdog(Parts parts);
  ~Watchdog() { Finish(); }

  // RESOURCE_EXHAUSTED if there is no descriptor to end it by, or no thread.
  absl::Status Start();
  // The server has ended.
  void Finish();

 private:
  void Run();

  const Parts parts_;
  const uds::UniqueFd finished_;  // an eventfd
  std::thread thread_;
};

}  // namespace rpc

#endif  // RPC_WATCHDOG_H_
