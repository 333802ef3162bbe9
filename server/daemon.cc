// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/daemon.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "server/admin_service.h"
#include "server/call_events.h"
#include "server/detail_types.h"
#include "server/echo_service.h"
#include "server/events.h"
#include "server/hangup_thread.h"
#include "server/interop_service.h"
#include "server/limit_flags.h"
#include "server/manager_reports.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/exporter.h"
#include "server/metrics/server_metrics.h"
#include "uds/listener.h"
#include "uds/path_trust.h"
#include "uds/peer_credentials.h"

namespace udsecho {
namespace {

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
  Daemon(const Options& options, const Surroundings& surroundings)
      : options_(options),
        surroundings_(surroundings),
        log_(*surroundings.log),
        allow_(options.allow),
        service_events_(&log_),
        connection_events_(&log_, RunAfterOnServer()),
        call_events_(&log_, RunAfterOnServer()),
        message_events_(&log_, RunAfterOnServer(), [this] { reports_.Stir(); }),
        echo_({.reply = options.reply,
               .max_message_bytes =
                   static_cast<std::size_t>(options.server.limits.max_message_bytes)},
              &message_events_),
        admin_(&server_, options.server.grace),
        server_(MakeServerOptions(), this),
        reports_(&server_, [this](const absl::Status& why) { service_events_.NotifyFailed(why); }),
        hangups_(surroundings.hangup->fd(), [this] { OnHangup(); }) {
    server_.Add(&echo_);
    server_.Add(&admin_);
    for (const auto* file : DetailTypes()) server_.Describe(file);
    if (options.interop) server_.Add(&interop_.emplace(options.server.limits.max_message_bytes));
  }

  ExitCode Run(uds::UniqueFd handed_in) {
    is_activated_ = handed_in.valid();
    // First, so that nothing was changed if it cannot be had.
    const absl::StatusOr<std::unique_ptr<Exporter>> exporter = StartMetrics();
    if (!exporter.ok()) {
      service_events_.Failed(exporter.status());
      return kFailed;
    }
    absl::StatusOr<uds::Listener> listener =
        is_activated_ ? uds::Listener::Of(std::move(handed_in), options_.address) : Open();
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
    const absl::StatusOr<rpc::DrainResult> result =
        server_.Run(*std::move(listener), surroundings_.stop->fd());
    const ExitCode code = result.ok() ? CodeOf(*result) : kFailed;
    if (!result.ok()) service_events_.Failed(result.status());
    if (!hangups_.Stop()) {
      FinishLogs();
      _exit(code);  // without destructors: the reload uses all of this
    }
    return code;
  }

 private:
  absl::StatusOr<uds::Listener> Open() {
    uds::ListenerOptions options = options_.listener;
    options.claim.pause = [stop_fd = surroundings_.stop->fd()](absl::Duration pause) {
      return !StopCame(stop_fd, pause);
    };
    options.claim.waiting = [this](const uds::PathHolder& holder) {
      service_events_.PathAwaited(options_.address.ToString(), holder,
                                  options_.listener.claim.wait);
    };
    return uds::Listener::Open(options_.address, options);
  }

  ExitCode CodeOf(const rpc::DrainResult& result) {
    // What is not ours any more was told when it was lost.
    const bool left = absl::IsInternal(result.path_given_up);
    if (left) service_events_.PathLeft(result.path_given_up);
    if (result.calls_cut > 0) return kCallsCutOff;
    return left ? kFailed : kClean;
  }

  rpc::ServerOptions MakeServerOptions() {
    rpc::ServerOptions server = options_.server;
    server.admit = [this](const uds::PeerCredentials& peer) { return allow_.Check(peer); };
    server.call_hooks.refused = [this](const rpc::EndedCall& call) { call_events_.Refused(call); };
    Log* const access = surroundings_.access_log;
    if (access == nullptr && options_.metrics.empty()) return server;
    server.call_hooks.ended = [this, access](const rpc::EndedCall& call) {
      if (call_metrics_.has_value()) call_metrics_->Count(call);
      if (access != nullptr) WriteAccess(access, call);
    };
    return server;
  }

  // Null if nobody asked for metrics.
  absl::StatusOr<std::unique_ptr<Exporter>> StartMetrics() {
    if (options_.metrics.empty()) return nullptr;
    call_metrics_.emplace(server_.MethodPaths());
    auto exporter = Exporter::Start(options_.metrics, [this](auto* families) {
      call_metrics_->AddTo(families);
      AddServerMetrics(server_, options_.server.limits, families);
      AddDrainMetrics(draining_, calls_cut_, families);
      AddProcessMetrics(started_at_, families);
    });
    if (exporter.ok()) service_events_.MetricsServed((*exporter)->address());
    return exporter;
  }

  // --- SIGHUP, on its thread ---

  void OnHangup() {
    if (had_terminal_ && !HasTerminal()) {
      server_.Stop();  // it was the terminal that went away: nobody is left to stop it
      return;
    }
    reports_.Reloading();
    const absl::StatusOr<Options> options = surroundings_.reload();
    const absl::Status status = options.ok() ? Apply(*options) : options.status();
    if (!status.ok()) service_events_.ReloadFailed(status);
    reports_.Reloaded();
  }

  absl::Status Apply(const Options& now) {
    if (now.allow.empty() && !options_.allow.empty()) {
      return absl::FailedPreconditionError(
          "the allow list is gone from the flags, and without one all who can connect may call; "
          "put it back, or restart the server if that is what you want");
    }
    absl::Status opened = surroundings_.log_files->Reopen(now.log_paths);
    if (!opened.ok()) return opened;
    log_.SetLevel(now.log.level);
    server_.After(absl::ZeroDuration(), [this, allow = now.allow] {
      allow_ = allow;
      server_.Readmit();
    });
    service_events_.Reloaded(now.fixed_lines == options_.fixed_lines &&
                             now.log_paths.access.has_value() ==
                                 options_.log_paths.access.has_value());
    return absl::OkStatus();
  }

  RunAfter RunAfterOnServer() {
    return [this](absl::Duration delay, std::function<void()> work) {
      server_.After(delay, std::move(work));
    };
  }

  void Serving() override {
    const absl::Status hangups = hangups_.Start();
    service_events_.Started(options_.address.ToString(), getpid());
    if (!path_trust_.ok()) service_events_.DirectoryShared(path_trust_);
    if (!path_lock_.ok()) service_events_.PathUnlocked(path_lock_);
    if (!hangups.ok()) service_events_.ReloadFailed(hangups);
    WarnIfOthersAreShutOut();
    TellWhatIsMissing();
    reports_.Serving();
  }
  void ConnectionOpened(const rpc::Connection& connection) override {
    connection_events_.Opened(connection);
    reports_.ConnectionOpened();
  }
  void ConnectionClosed(const rpc::Connection& connection) override {
    connection_events_.Closed(connection);
    reports_.ConnectionClosed();
  }
  void ConnectionRefused(const absl::Status& why, const rpc::Connection* connection) override {
    connection_events_.Refused(why, connection);
  }
  void ConnectionStalled(const rpc::Connection& connection) override {
    connection_events_.Stalled(connection);
  }
  void ConnectionFlooded(const rpc::Connection& connection) override {
    connection_events_.Flooded(connection);
  }
  void AcceptPaused(const absl::Status& why) override { service_events_.AcceptPaused(why); }
  void PathChanged(int /*endpoint*/, const absl::Status& still_ours) override {
    service_events_.PathChanged(still_ours);
  }
  void Draining(absl::Duration grace) override {
    service_events_.Terminating();
    draining_ = true;
    reports_.Draining(grace);
  }
  void Cutting(std::size_t calls) override {
    calls_cut_ += calls;
    service_events_.CallsCutOff(static_cast<int64_t>(calls));
  }
  void Stuck() override {
    service_events_.Stuck();
    FinishLogs();
    _exit(kStuck);  // without destructors: the handler's thread would be waited for
  }

  void FinishLogs() {
    log_.Finish();
    Log* const access = surroundings_.access_log;
    if (access != nullptr && access != &log_) access->Finish();
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
  const Surroundings surroundings_;
  Log& log_;
  absl::Status path_watch_gap_;
  absl::Status path_trust_;
  absl::Status path_lock_;
  const bool had_terminal_ = HasTerminal();
  bool is_activated_ = false;
  const absl::Time started_at_ = absl::Now();
  std::atomic<bool> draining_ = false;
  std::atomic<std::uint64_t> calls_cut_ = 0;
  std::optional<CallMetrics> call_metrics_;
  AllowList allow_;  // the server's first thread asks and changes it
  ServiceEvents service_events_;
  ConnectionEvents connection_events_;
  CallEvents call_events_;
  MessageEvents message_events_;
  EchoService echo_;
  AdminService admin_;
  std::optional<InteropService> interop_;
  rpc::Server server_;
  ManagerReports reports_;
  HangupThread hangups_;
};

}  // namespace

ExitCode RunDaemon(const Options& options, uds::UniqueFd handed_in,
                   const Surroundings& surroundings) {
  for (const rpc::SignalDescriptor* signals : {surroundings.stop, surroundings.hangup}) {
    if (signals->status().ok()) continue;
    ServiceEvents(surroundings.log).Failed(signals->status());
    return kFailed;
  }
  Daemon daemon(options, surroundings);
  return daemon.Run(std::move(handed_in));
}

}  // namespace udsecho
