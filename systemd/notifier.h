// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tells the service manager how the daemon is doing, by sd_notify(3): ready, reloading, stopping, a line
// of status, still alive. For a unit with Type=notify, and perhaps WatchdogSec=.
//
//   rpc::StopSignals signals;
//   systemd::Notifier notifier([](const absl::Status& why) { Log(why); });
//   notifier.Ready();                     // once clients are served
//   notifier.Status("3 connections");     // for `systemctl status`
//
//   notifier.Reloading();                 // SIGHUP
//   Reload();
//   notifier.Ready();
//
// The watchdog is to notice that a handler is stuck, and not only that the process is there. So let
// the threads of the server answer, from ServerEvents::Serving() on:
//
//   void Beat() {
//     server.AskThreads([this] { notifier.StillAlive(); });
//     server.After(*notifier.watchdog() / 2, [this] { Beat(); });
//   }
//
// sd_notify waits while the manager does not read. So a thread of the notifier calls it, and a notice
// that has not been sent yet is replaced by a newer one of its kind: no method here waits, and memory does
// not grow however long the manager sleeps. Without $NOTIFY_SOCKET there is no thread.
//
// Thread safety: all methods, from any thread. Make it after the StopSignals: otherwise its thread
// receives the signals. Ownership: owns its thread. The destructor sends what is left, for a second at
// most. Then it leaves a thread that is stuck behind, for a process that is about to end.

#ifndef SYSTEMD_NOTIFIER_H_
#define SYSTEMD_NOTIFIER_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace systemd {

class Notifier {
 public:
  // `on_failure` is called once at most, on the notifier's thread: when a notice could not be sent.
  explicit Notifier(std::function<void(const absl::Status&)> on_failure = nullptr);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Whether there is a manager: $NOTIFY_SOCKET is set.
  bool enabled() const { return thread_.joinable(); }

  // The manager ends the service if StillAlive() is not called this often: call it at half of that.
  // nullopt if there is no watchdog.
  std::optional<absl::Duration> watchdog() const;

  void Ready();
  // A reload has begun (RELOADING=1, with MONOTONIC_USEC= as Type=notify-reload wants it). Call Ready()
  // at its end, whether it went well or not.
  void Reloading();
  void Stopping();
  // Another process of this service is the one that it is about from now on, and is heard instead of
  // this one (MAINPID=).
  void MainProcess(pid_t pid);
  void Status(std::string text);
  void StillAlive();
  // Starting, reloading or stopping may take so long, from now.
  void MoreTime(absl::Duration duration);

 private:
  struct Shared;

  template <typename Change>
  void Tell(Change change);

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace systemd

#endif  // SYSTEMD_NOTIFIER_H_
