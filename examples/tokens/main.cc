// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// An agent that hands out short-lived tokens to the processes of its machine: see README.md.
//
//   agent /etc/tokens/agent.json
//
// SIGHUP reads the configuration and the key again, SIGTERM drains. Exit codes: 0, or 1 if it could not
// begin or had to cut calls off.

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "admin_service.h"
#include "agent.h"
#include "rpc/call/thread_pool.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "rpc/stop_signals.h"
#include "token_service.h"
#include "uds/address.h"
#include "uds/listener.h"

namespace {

// One line, by its event's name. Keys and tokens are in none.
void Log(absl::string_view event, absl::string_view text = "") {
  std::cerr << absl::StrCat("tokens: ", event, text.empty() ? "" : ": ", text, "\n");
}

int Fail(const absl::Status& why) {
  Log("failed", why.message());
  return 1;
}

// Tells the service manager and the log how things go.
class Events final : public rpc::ServerEvents {
  void Serving() override {
    Log("serving");
    sd_notify(0, "READY=1");
  }
  void Draining(absl::Duration /*grace*/) override {
    Log("draining");
    sd_notify(0, "STOPPING=1");
  }
};

void Reload(tokens::Agent& agent) {
  const absl::StatusOr<tokens::Agent::Reloaded> reloaded = agent.Reload();
  if (!reloaded.ok()) return Log("reload_failed", reloaded.status().message());
  Log("reloaded", reloaded->key_changed ? "with another key" : "");
  if (reloaded->needs_restart) Log("restart_needed", "the paths of the sockets have changed");
}

absl::StatusOr<uds::Listener> Listen(const std::string& path, mode_t mode) {
  const absl::StatusOr<uds::Address> address = uds::Address::Parse(path);
  if (!address.ok()) return address.status();
  return uds::Listener::Open(*address, {.mode = mode});
}

// The server in a loop of ours, which waits for SIGHUP as well.
absl::Status Serve(rpc::Server& server, int hangup_fd, tokens::Agent& agent,
                   rpc::ThreadPool& pool) {
  const absl::StatusOr<int> server_fd = server.poll_fd();
  if (!server_fd.ok()) return server_fd.status();
  std::array<pollfd, 2> ready = {{{.fd = *server_fd, .events = POLLIN, .revents = 0},
                                  {.fd = hangup_fd, .events = POLLIN, .revents = 0}}};
  while (!server.ended()) {
    poll(ready.data(), ready.size(), -1);
    signalfd_siginfo signal;
    if (ready[1].revents != 0 && read(hangup_fd, &signal, sizeof(signal)) == sizeof(signal)) {
      // Not here, where calls are handled: it reads files and derives a key.
      const auto work = pool.Add(geteuid(), [&agent] { Reload(agent); });
      if (!work.ok()) Log("reload_failed", work.status().message());
    }
    server.Turn();
  }
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  // Before any thread starts.
  const rpc::SignalDescriptor stop({SIGINT, SIGTERM});
  const rpc::SignalDescriptor hangup({SIGHUP});
  for (const absl::Status& status : {stop.status(), hangup.status()}) {
    if (!status.ok()) return Fail(status);
  }
  if (argc != 2) return Fail(absl::InvalidArgumentError("usage: agent CONFIG_FILE"));

  // In the order in which they need one another.
  tokens::Agent agent(argv[1]);
  if (const auto loaded = agent.Reload(); !loaded.ok()) return Fail(loaded.status());
  const tokens::Config config = agent.config();
  // All users may ask; the rules say who gets something.
  absl::StatusOr<uds::Listener> listener = Listen(config.public_socket, 0666);
  if (!listener.ok()) return Fail(listener.status());
  absl::StatusOr<uds::Listener> admin_listener = Listen(config.admin_socket, 0600);
  if (!admin_listener.ok()) return Fail(admin_listener.status());

  rpc::ThreadPool pool({.threads = 2});
  tokens::TokenService token_service(&agent);
  tokens::AdminService admin_service(&agent, &pool);
  Events events;
  rpc::Server server({}, &events);
  server.Add(&token_service);
  server.AddEndpoint(*std::move(admin_listener), {.admit = tokens::AdmitAdmin}).Add(&admin_service);

  absl::Status served = server.Start(*std::move(listener), stop.fd());
  if (served.ok()) served = Serve(server, hangup.fd(), agent, pool);
  if (!served.ok()) return Fail(served);
  return server.Finish().calls_cut == 0 ? 0 : 1;
}
