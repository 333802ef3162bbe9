// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent as a process: the server, reloading on SIGHUP, and notices to systemd.
//
//   tokens::Daemon daemon("/etc/tokens/agent.json");
//   absl::StatusOr<rpc::DrainResult> result =
//       daemon.Run(*std::move(activated_sockets), stop.fd(), hangup.fd());
//
// Thread safety: the thread that made it. Ownership: borrows the descriptors of the signals.

#ifndef TOKENS_DAEMON_H_
#define TOKENS_DAEMON_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "admin_service.h"
#include "agent.h"
#include "rpc/call/thread_pool.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "systemd/notifier.h"
#include "token_service.h"
#include "uds/activation.h"

namespace tokens {

class Daemon final : private rpc::ServerEvents {
 public:
  // Once the signals are blocked, as this starts threads.
  explicit Daemon(std::string config_path) : agent_(std::move(config_path)) {}

  // Reads the configuration, and serves until a signal is read from `stop_fd` and the calls in flight
  // have ended. A signal in `hangup_fd` reloads. An error if it could not begin.
  absl::StatusOr<rpc::DrainResult> Run(uds::ActivatedSockets given, int stop_fd, int hangup_fd);

 private:
  void Serving() override;
  void Draining(absl::Duration grace) override;

  void OnHangup(int fd);
  void Reload();  // blocks
  void Beat(absl::Duration interval);

  // In the order in which they need one another.
  systemd::Notifier notifier_;
  Agent agent_;
  rpc::ThreadPool pool_{{.threads = 2}};
  TokenService token_service_{&agent_};
  AdminService admin_service_{&agent_, &pool_};
  rpc::Server server_{{}, this};
};

}  // namespace tokens

#endif  // TOKENS_DAEMON_H_
