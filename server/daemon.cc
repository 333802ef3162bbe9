// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/daemon.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "rpc/server.h"
#include "rpc/server_events.h"
#include "server/admin_service.h"
#include "server/call_events.h"
#include "server/detail_types.h"
#include "server/echo_service.h"
#include "server/events.h"
#include "server/interop_service.h"
#include "server/manager_reports.h"
#include "server/metrics/daemon_metrics.h"
#include "server/signal_thread.h"
#include "server/start_notices.h"
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

// How often, and how long after the grace, a port for metrics is tried that another server has.
constexpr absl::Duration kMetricsAgain = absl::Milliseconds(250);
constexpr absl::Duration kMetricsPatience = absl::Seconds(5);

// The parts of the daemon, in the order in which they are needed.
class Daemon final : public rpc::ServerEvents {
 public:
  Daemon(const Options& options, const Surroundings& surroundings)
      : options_(options),
        surroundings_(surroundings),
        log_(*surroundings.log),
        allow_(options.allow),
        service_events_(&log_),
        notices_(&options_, &service_events_),
        connection_events_(&log_, RunAfterOnServer()),
        call_events_(&log_, RunAfterOnServer()),
        message_events_(&log_, RunAfterOnServer(), [this] { reports_.Stir(); }),
        echo_({.reply = options.reply,
               .max_message_bytes =
                   static_cast<std::size_t>(options.server.limits.max_message_bytes)},
              &message_events_),
        admin_(&server_, options.server.grace),
        server_(MakeServerOptions(), this),
        metrics_(options.metrics, &server_, &options_.server.limits),
        reports_(&server_, [this](const absl::Status& why) { service_events_.NotifyFailed(why); }),
        signals_(surroundings.others->fd(), [this](int signal) { OnSignal(signal); }) {
    server_.Add(&echo_);
    server_.Add(&admin_);
    for (const auto* file : DetailTypes()) server_.Describe(file);
    if (options.interop) server_.Add(&interop_.emplace(options.server.limits.max_message_bytes));
    metrics_.Prepare();
  }

  ExitCode Run(uds::UniqueFd handed_in) {
    is_activated_ = handed_in.valid();
    handed_in_ = handed_in.get();
    // First, so that nothing was changed if they cannot be had.
    absl::Status metrics = ServeMetrics();
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
    // Whoever had the path and has let it go is about to let go of the port.
    if (!metrics.ok() && waited_) metrics = ServeMetricsSoon();
    if (!metrics.ok() && !MayTakeOver()) {
      service_events_.Failed(metrics);
      return kFailed;
    }
    notices_.LookAt(*listener, is_activated_);
    const absl::StatusOr<rpc::DrainResult> result =
        server_.Run(*std::move(listener), surroundings_.stop->fd());
    if (!result.ok()) service_events_.Failed(result.status());
    const ExitCode code = result.ok()                              ? CodeOf(*result)
                          : absl::IsAlreadyExists(result.status()) ? kAddressRefused
                                                                   : kFailed;
    if (!signals_.Stop()) {
      FinishLogs();
      _exit(code);  // without destructors: the reload uses all of this
    }
    return code;
  }

 private:
  absl::StatusOr<uds::Listener> Open() {
    uds::ListenerOptions options = options_.listener;
    options.claim.take_over = MayTakeOver();
    options.claim.pause = [this](absl::Duration pause) {
      waited_ = true;
      return !StopCame(surroundings_.stop->fd(), pause);
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
      metrics_.Count(call);
      if (access != nullptr) WriteAccess(access, call);
    };
    return server;
  }

  bool MayTakeOver() const {
    return options_.listener.claim.take_over || surroundings_.predecessor != nullptr;
  }

  absl::Status ServeMetrics() {
    absl::Status served = metrics_.Serve();
    if (served.ok() && metrics_.wanted()) service_events_.MetricsServed(metrics_.address());
    return served;
  }

  absl::Status ServeMetricsSoon() {
    absl::Status served;
    for (absl::Duration left = kMetricsPatience; left > absl::ZeroDuration();
         left -= kMetricsAgain) {
      served = ServeMetrics();
      if (served.ok() || StopCame(surroundings_.stop->fd(), kMetricsAgain)) break;
    }
    return served;
  }

  // The server before has the port until it has drained. If the port is not free after `patience`, that is told
  // once, and this goes on.
  void ServeMetricsLater(absl::Duration patience) {
    const absl::Status served = metrics_.served() ? absl::OkStatus() : ServeMetrics();
    if (served.ok()) return;
    if (patience > absl::ZeroDuration() && patience <= kMetricsAgain) {
      service_events_.MetricsMissing(served);
    }
    server_.After(kMetricsAgain, [this, patience] { ServeMetricsLater(patience - kMetricsAgain); });
  }

  // --- Signals, on their thread ---

  void OnSignal(int signal) {
    if (signal == SIGHUP) return OnHangup();
    Successor& successor = *surroundings_.successor;
    if (signal == SIGCHLD) {
      const std::optional<absl::Status> ended = successor.CheckEnded();
      // This server cannot stop draining any more, so it has nothing to say about the other one's end.
      if (ended.has_value() && !draining_) service_events_.SuccessorFailed(*ended);
      return;
    }
    const absl::Status started = StartSuccessor(&successor);
    if (!started.ok()) return service_events_.SuccessorFailed(started);
    service_events_.SuccessorStarted(successor.pid());
  }

  absl::Status StartSuccessor(Successor* successor) {
    if (draining_) return absl::FailedPreconditionError("this server is about to end");
    if (options_.address.is_abstract() && !is_activated_) {
      return absl::FailedPreconditionError(
          "an abstract name cannot be taken over; use a path, or restart this server");
    }
    return successor->Start(handed_in_);
  }

  void OnHangup() {
    if (had_terminal_ && !HasTerminal()) {
      server_.Stop();  // it was the terminal that went away: nobody is left to stop it
      return;
    }
    reports_.Reloading();
    const absl::StatusOr<Options> options = surroundings_.reload();
    const absl::Status status = options.ok() ? Apply(*options) : options.status();
    if (!status.ok()) {
      // logrotate has renamed the log files by now, although the flags are wrong.
      LogFiles& files = *surroundings_.log_files;
      const absl::Status reopened = files.Reopen(files.paths());
      service_events_.ReloadFailed(status);
      if (!reopened.ok() && reopened != status) service_events_.ReloadFailed(reopened);
    }
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
    const absl::Status signals = signals_.Start();
    service_events_.Started(options_.address.ToString(), getpid());
    if (!signals.ok()) service_events_.ReloadFailed(signals);
    notices_.Tell();
    ServeMetricsLater(options_.server.grace + kMetricsPatience);
    reports_.Serving();
    // A path it has lost by now; of a socket that both have it knows nothing.
    if (is_activated_ && surroundings_.predecessor != nullptr) {
      surroundings_.predecessor->Stop();
    }
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
    draining_ = true;  // before it is told: whoever reads that may send SIGUSR2
    service_events_.Terminating();
    metrics_.Draining();
    if (surroundings_.successor->alive()) {
      reports_.HandedOver(surroundings_.successor->pid());
    } else {
      reports_.Draining(grace);
    }
  }
  void Cutting(std::size_t calls) override {
    metrics_.Cut(calls);
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

  const Options options_;
  const Surroundings surroundings_;
  Log& log_;
  const bool had_terminal_ = HasTerminal();
  bool is_activated_ = false;
  std::atomic<bool> draining_ = false;
  int handed_in_ = -1;   // the socket, which the server owns
  bool waited_ = false;  // for the path
  AllowList allow_;      // the server's first thread asks and changes it
  ServiceEvents service_events_;
  StartNotices notices_;
  ConnectionEvents connection_events_;
  CallEvents call_events_;
  MessageEvents message_events_;
  EchoService echo_;
  AdminService admin_;
  std::optional<InteropService> interop_;
  rpc::Server server_;
  DaemonMetrics metrics_;
  ManagerReports reports_;
  SignalThread signals_;
};

}  // namespace

ExitCode RunDaemon(const Options& options, uds::UniqueFd handed_in,
                   const Surroundings& surroundings) {
  for (const rpc::SignalDescriptor* signals : {surroundings.stop, surroundings.others}) {
    if (signals->status().ok()) continue;
    ServiceEvents(surroundings.log).Failed(signals->status());
    return kFailed;
  }
  Daemon daemon(options, surroundings);
  return daemon.Run(std::move(handed_in));
}

}  // namespace udsecho
