// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/daemon.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "server/admin_service.h"
#include "server/detail_types.h"
#include "server/echo_service.h"
#include "server/events.h"
#include "server/interop_service.h"
#include "server/limit_flags.h"
#include "server/manager_reports.h"
#include "uds/listener.h"
#include "uds/path_trust.h"
#include "uds/peer_credentials.h"

namespace udsecho {
namespace {

// Every connection takes a descriptor, and the usual limit of 1024 is meant for programs that
// use select(2), as systemd.exec(5) explains. We do not.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

rpc::ServerOptions ServerOptionsOf(const Options& options) {
  rpc::ServerOptions server = options.server;
  if (!options.allow.empty()) {
    server.admit = [allow = options.allow](const uds::PeerCredentials& peer) {
      return allow.Check(peer);
    };
  }
  return server;
}

// A library knows no flags: here is the one that allows what it refuses.
absl::Status WithAdvice(const absl::Status& status) {
  if (!uds::IsUntrustedPath(status)) return status;
  return absl::Status(status.code(),
                      absl::StrCat(status.message(),
                                   "; if you trust those who can, --allow_shared_directory serves "
                                   "there all the same"));
}

// Whether a stop was asked for within `duration`.
bool StopCame(int stop_fd, absl::Duration duration) {
  pollfd stop = {.fd = stop_fd, .events = POLLIN, .revents = 0};
  const int milliseconds = static_cast<int>(absl::ToInt64Milliseconds(duration)) + 1;
  return poll(&stop, 1, milliseconds) > 0;
}

// The parts of the daemon, in the order in which they are needed.
class Daemon final : public rpc::ServerEvents {
 public:
  Daemon(const Options& options, Log* log)
      : options_(options),
        log_(*log),
        service_events_(log),
        connection_events_(log, RunAfterOnServer()),
        message_events_(log, RunAfterOnServer(), [this] { reports_.Stir(); }),
        echo_({.reply = options.reply,
               .max_message_bytes =
                   static_cast<std::size_t>(options.server.limits.max_message_bytes)},
              &message_events_),
        admin_(&server_, options.server.grace),
        server_(ServerOptionsOf(options), this),
        reports_(&server_, [this](const absl::Status& why) { service_events_.NotifyFailed(why); }) {
    server_.Add(&echo_);
    server_.Add(&admin_);
    for (const auto* file : DetailTypes()) server_.Describe(file);
    if (options.interop) server_.Add(&interop_.emplace(options.server.limits.max_message_bytes));
  }

  ExitCode Run(uds::UniqueFd handed_in, int stop_fd) {
    is_activated_ = handed_in.valid();
    absl::StatusOr<uds::Listener> listener =
        is_activated_ ? uds::Listener::Of(std::move(handed_in), options_.address) : Open(stop_fd);
    if (absl::IsCancelled(listener.status())) {
      service_events_.Terminating();
      return kClean;
    }
    if (!listener.ok()) {
      service_events_.Failed(WithAdvice(listener.status()));
      return kAddressRefused;
    }
    path_trust_ = listener->path_trust();
    path_lock_ = listener->path_lock();
    path_watch_gap_ = listener->watch_gap();
    const absl::StatusOr<rpc::DrainResult> result = server_.Run(*std::move(listener), stop_fd);
    if (!result.ok()) {
      service_events_.Failed(result.status());
      return kFailed;
    }
    return result->calls_cut == 0 ? kClean : kCallsCutOff;
  }

 private:
  absl::StatusOr<uds::Listener> Open(int stop_fd) {
    uds::ListenerOptions options = options_.listener;
    options.claim.pause = [stop_fd](absl::Duration pause) { return !StopCame(stop_fd, pause); };
    options.claim.waiting = [this](const uds::PathHolder& holder) {
      service_events_.PathAwaited(options_.address.ToString(), holder,
                                  options_.listener.claim.wait);
    };
    return uds::Listener::Open(options_.address, options);
  }

  RunAfter RunAfterOnServer() {
    return [this](absl::Duration delay, std::function<void()> work) {
      server_.After(delay, std::move(work));
    };
  }

  void Serving() override {
    service_events_.Started(options_.address.ToString(), getpid());
    if (!path_trust_.ok()) service_events_.DirectoryShared(path_trust_);
    if (!path_lock_.ok()) service_events_.PathUnlocked(path_lock_);
    WarnIfOthersAreShutOut();
    TellWhatIsMissing();
    reports_.Serving();
  }
  void ConnectionOpened(const rpc::Connection& connection) override {
    connection_events_.Opened(connection.peer);
    reports_.ConnectionOpened();
  }
  void ConnectionClosed(const rpc::Connection& connection) override {
    connection_events_.Closed(connection.peer);
    reports_.ConnectionClosed();
  }
  void ConnectionRefused(const absl::Status& why) override { connection_events_.Refused(why); }
  void ConnectionStalled(const rpc::Connection& connection) override {
    connection_events_.Stalled(connection.peer);
  }
  void ConnectionFlooded(const rpc::Connection& connection) override {
    connection_events_.Flooded(connection.peer);
  }
  void AcceptPaused(const absl::Status& why) override { service_events_.AcceptPaused(why); }
  void PathChanged(const absl::Status& still_ours) override {
    service_events_.PathChanged(still_ours);
  }
  void Draining(absl::Duration grace) override {
    service_events_.Terminating();
    reports_.Draining(grace);
  }
  void Cutting(std::size_t calls) override {
    service_events_.CallsCutOff(static_cast<int64_t>(calls));
  }
  void Stuck() override {
    service_events_.Stuck();
    log_.Finish();
    _exit(kStuck);  // without destructors: the handler's thread would be waited for
  }

  // Permission to call is no use without permission to connect.
  void WarnIfOthersAreShutOut() {
    if (is_activated_ || options_.address.is_abstract()) return;
    const bool is_for_group = options_.listener.group.has_value();
    if (options_.allow.empty() && !is_for_group) return;
    const mode_t needed = is_for_group ? S_IWGRP : S_IWGRP | S_IWOTH;
    if ((options_.listener.mode & needed) == 0) {
      service_events_.OthersShutOut(options_.listener.mode);
    }
  }

  // What the kernel or a sandbox does not give, and what follows from that.
  void TellWhatIsMissing() {
    if (!path_watch_gap_.ok()) {
      const bool out_of_inotify = absl::IsResourceExhausted(path_watch_gap_);
      service_events_.NotAvailable(
          out_of_inotify ? LogLevel::kWarn : LogLevel::kInfo,
          out_of_inotify ? "inotify" : "path_watch",
          absl::StrCat("the server checks every 2 seconds whether its socket is in place, as it is "
                       "not told of all changes: ",
                       path_watch_gap_.message()));
    }
    if (!uds::KernelTellsPeerGroups()) {
      service_events_.NotAvailable(
          LogLevel::kWarn, "peer_groups",
          "the kernel does not tell the supplementary groups of callers (SO_PEERGROUPS): --allow "
          "knows their primary group alone");
    }
    for (const Shortage& shortage : CompareWithSystem(options_.server.limits)) {
      service_events_.NotAvailable(shortage.fits ? LogLevel::kInfo : LogLevel::kWarn, shortage.what,
                                   shortage.message);
    }
  }

  const Options options_;
  Log& log_;
  absl::Status path_watch_gap_;
  bool is_activated_ = false;
  absl::Status path_trust_;
  absl::Status path_lock_;
  ServiceEvents service_events_;
  ConnectionEvents connection_events_;
  MessageEvents message_events_;
  EchoService echo_;
  AdminService admin_;
  std::optional<InteropService> interop_;
  rpc::Server server_;
  ManagerReports reports_;
};

}  // namespace

ExitCode RunDaemon(const Options& options, uds::UniqueFd handed_in, int stop_fd, Log* log) {
  RaiseDescriptorLimit();
  Daemon daemon(options, log);
  return daemon.Run(std::move(handed_in), stop_fd);
}

}  // namespace udsecho
