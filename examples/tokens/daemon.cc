// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "daemon.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <optional>

#include "log.h"
#include "sockets.h"

namespace tokens {

absl::StatusOr<rpc::DrainResult> Daemon::Run(uds::ActivatedSockets given, int stop_fd,
                                             int hangup_fd) {
  const absl::StatusOr<Agent::Reloaded> loaded = agent_.Reload();
  if (!loaded.ok()) return loaded.status();
  absl::StatusOr<Sockets> sockets = OpenSockets(agent_.config(), std::move(given));
  if (!sockets.ok()) return sockets.status();

  server_.Add(&token_service_);
  server_.AddEndpoint(std::move(sockets->admin_socket), {.admit = AdmitAdmin}).Add(&admin_service_);
  absl::Status watched = server_.OnReadable(hangup_fd, [this, hangup_fd] { OnHangup(hangup_fd); });
  if (!watched.ok()) return watched;
  return server_.Run(std::move(sockets->public_socket), stop_fd);
}

void Daemon::OnHangup(int fd) {
  signalfd_siginfo signal;
  if (read(fd, &signal, sizeof(signal)) != sizeof(signal)) return;
  // Not here, where calls are handled: it reads files and derives a key.
  const auto work = pool_.Add(geteuid(), [this] { Reload(); });
  if (!work.ok()) Log("reload_failed", work.status().message());
}

void Daemon::Reload() {
  notifier_.Reloading();
  const absl::StatusOr<Agent::Reloaded> reloaded = agent_.Reload();
  if (reloaded.ok()) {
    Log("reloaded", reloaded->key_changed ? "with another key" : "");
    if (reloaded->needs_restart) Log("restart_needed", "the paths of the sockets have changed");
  } else {
    Log("reload_failed", reloaded.status().message());
  }
  notifier_.Ready();
}

void Daemon::Serving() {
  Log("serving");
  notifier_.Ready();
  if (const std::optional<absl::Duration> watchdog = notifier_.watchdog(); watchdog.has_value()) {
    Beat(*watchdog / 2);
  }
}

// systemd hears from the threads that handle calls: if a handler blocks one, it hears nothing.
void Daemon::Beat(absl::Duration interval) {
  server_.AskThreads([this] { notifier_.StillAlive(); });
  server_.After(interval, [this, interval] { Beat(interval); });
}

void Daemon::Draining(absl::Duration /*grace*/) {
  Log("draining");
  notifier_.Stopping();
}

}  // namespace tokens
