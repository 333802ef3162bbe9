// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// When the service manager is told what: the daemon's life as notices of systemd/notifier.h.
//
//   ManagerReports reports(&server, on_failure);
//   reports.Serving();                      // READY=1, and WATCHDOG=1 from now on
//   reports.ConnectionOpened();             // STATUS= within a second
//   reports.Draining(absl::Seconds(10));    // STOPPING=1, EXTEND_TIMEOUT_USEC= until it is over
//
// The status has the open connections, and the calls since the start. It is told a second after
// something happened, and not again before the next thing does: an idle server sleeps. WATCHDOG=1
// comes once all threads on which handlers run have come by, at half of what $WATCHDOG_USEC allows,
// so that a handler that blocks one is noticed.
//
// Thread safety: Stir() from any thread, all else from the one in Server::Run().
// Ownership: borrows the server, which must not run any more when this goes away.

#ifndef SERVER_MANAGER_REPORTS_H_
#define SERVER_MANAGER_REPORTS_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "http2/clock.h"
#include "rpc/server.h"
#include "systemd/notifier.h"

namespace udsecho {

class ManagerReports {
 public:
  ManagerReports(rpc::Server* server, std::function<void(const absl::Status&)> on_failure)
      : server_(*server), notifier_(std::move(on_failure)) {}

  void Serving();
  // On any thread, but not before Serving().
  void Reloading() { notifier_.Reloading(); }
  void Reloaded() { notifier_.Ready(); }
  void ConnectionOpened();
  void ConnectionClosed();
  void Draining(absl::Duration grace);
  // Draining, as the process `pid` serves instead.
  void HandedOver(pid_t pid) { notifier_.MainProcess(pid); }

  // Something happened. Costs next to nothing.
  void Stir() {
    if (!notifier_.enabled() || !Arm()) return;
    server_.After(kStatusDelay, [this] { TellStatus(); });
  }

 private:
  static constexpr absl::Duration kStatusDelay = absl::Seconds(1);

  // Whether it is for the caller to see to it that the status is told.
  bool Arm() { return !armed_.load(std::memory_order_relaxed) && !armed_.exchange(true); }
  void TellStatus();
  void Beat(absl::Duration interval);
  void AskForTime(http2::Nanoseconds until);

  rpc::Server& server_;
  systemd::Notifier notifier_;
  std::atomic<bool> armed_ = false;
  std::atomic<bool> draining_ = false;
  std::atomic<std::int64_t> open_ = 0;
};

}  // namespace udsecho

#endif  // SERVER_MANAGER_REPORTS_H_
