// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "daemon.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
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
  absl::Status served = server_.Start(std::move(sockets->public_socket), stop_fd);
  if (served.ok()) served = Loop(hangup_fd);
  if (!served.ok()) return served;
  return server_.Finish();
}

// The server in a loop of ours, which waits for SIGHUP as well.
absl::Status Daemon::Loop(int hangup_fd) {
  const absl::StatusOr<int> server_fd = server_.poll_fd();
  if (!server_fd.ok()) return server_fd.status();
  std::array<pollfd, 2> ready = {{{.fd = *server_fd, .events = POLLIN, .revents = 0},
                                  {.fd = hangup_fd, .events = POLLIN, .revents = 0}}};
  while (!server_.ended()) {
    poll(ready.data(), ready.size(), -1);
    signalfd_siginfo signal;
    if (ready[1].revents != 0 && read(hangup_fd, &signal, sizeof(signal)) == sizeof(signal)) {
      // Not here, where calls are handled: it reads files and derives a key.
      const auto work = pool_.Add(geteuid(), [this] { Reload(); });
      if (!work.ok()) Log("reload_failed", work.status().message());
    }
    server_.Turn();
  }
  return absl::OkStatus();
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
