// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the service manager is told, by sd_notify(3): ready, reloading, stopping, a line of status, still
// alive.
//
//   Notifier notifier([&](const absl::Status& why) { events.NotifyFailed(why); });
//   notifier.Ready();
//   notifier.Status("3 connections");
//
// sd_notify waits while the manager does not read. So a thread of the notifier's own calls it, and
// what it has not got round to yet is replaced by what is newer: telling never waits, and takes no
// more room however long the manager sleeps. Without $NOTIFY_SOCKET there is no thread.
//
// Thread safety: all methods, from any thread. Make it once StopSignals have been made, or its
// thread takes the signals. Ownership: owns its thread. The destructor sends what is left, for a
// second at most, and then leaves a thread that is stuck behind, for a process that is about to
// end.

#ifndef SERVER_NOTIFY_H_
#define SERVER_NOTIFY_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace udsecho {

class Notifier {
 public:
  // `on_failure` is called once at most, on the notifier's thread: when the manager cannot be told.
  explicit Notifier(std::function<void(const absl::Status&)> on_failure);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // Whether there is anybody to tell.
  bool enabled() const { return thread_.joinable(); }

  // How often the manager wants to hear StillAlive(); nullopt if it does not.
  std::optional<absl::Duration> watchdog() const;

  void Ready();
  // SIGHUP has come, and is being seen to; Ready() says that it is done.
  void Reloading();
  void Stopping();
  void Status(std::string text);
  void StillAlive();
  // It will not be over for so long, from now.
  void MoreTime(absl::Duration duration);

 private:
  struct Shared;

  template <typename Change>
  void Tell(Change change);

  const std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace udsecho

#endif  // SERVER_NOTIFY_H_
