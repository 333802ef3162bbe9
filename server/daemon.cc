// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/daemon.h"

#include <sys/resource.h>
#include <unistd.h>

#include <utility>

#include "absl/status/statusor.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "server/echo_service.h"
#include "server/events.h"
#include "uds/listener.h"

namespace udsecho {
namespace {

// Every connection takes two descriptors, and the usual limit of 1024 is meant for programs that
// use select(2), as systemd.exec(5) explains. We do not.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// The parts of the daemon, in the order in which they are needed.
class Daemon final : public rpc::ServerEvents {
 public:
  Daemon(const Options& options, Log* log)
      : address_(options.address),
        service_events_(log),
        connection_events_(log,
                           [this](absl::Duration delay) {
                             server_.AfterOnAcceptingThread(
                                 delay, [this] { connection_events_.OnTimer(); });
                           }),
        message_events_(log,
                        [this](absl::Duration delay) {
                          server_.AfterOnPollingThread(delay,
                                                       [this] { message_events_.OnTimer(); });
                        }),
        echo_(options.reply, &message_events_),
        server_(options.server, this) {
    server_.Add(&echo_);
  }

  ExitCode Run(int stop_fd) {
    absl::StatusOr<uds::Listener> listener = uds::Listener::Open(address_);
    if (!listener.ok()) {
      service_events_.Failed(listener.status());
      return kAddressRefused;
    }
    const absl::StatusOr<rpc::DrainResult> result = server_.Run(*std::move(listener), stop_fd);
    if (!result.ok()) {
      service_events_.Failed(result.status());
      return kFailed;
    }
    return result->calls_cut == 0 ? kClean : kCallsCutOff;
  }

 private:
  void Serving() override { service_events_.Started(address_.ToString(), getpid()); }
  void ConnectionOpened(const rpc::Connection& connection) override {
    connection_events_.Opened(connection.peer);
  }
  void ConnectionClosed(const rpc::Connection& connection) override {
    connection_events_.Closed(connection.peer);
  }
  void ConnectionRefused(const absl::Status& why) override { connection_events_.Refused(why); }
  void AcceptPaused(const absl::Status& why) override { service_events_.AcceptPaused(why); }
  void Draining(absl::Duration /*grace*/) override { service_events_.Terminating(); }
  void Cutting(std::size_t calls) override {
    service_events_.CallsCutOff(static_cast<int64_t>(calls));
  }

  const uds::Address address_;
  ServiceEvents service_events_;
  ConnectionEvents connection_events_;
  MessageEvents message_events_;
  EchoService echo_;
  rpc::Server server_;
};

}  // namespace

ExitCode RunDaemon(const Options& options, int stop_fd, Log* log) {
  RaiseDescriptorLimit();
  Daemon daemon(options, log);
  return daemon.Run(stop_fd);
}

}  // namespace udsecho
