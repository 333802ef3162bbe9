// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// All metrics of the daemon, from --metrics to Prometheus.
//
//   DaemonMetrics metrics("127.0.0.1:9464", &server, &limits);
//   metrics.Prepare();
//   if (absl::Status served = metrics.Serve(); !served.ok()) ...
//   metrics.Count(call);                                             // CallHooks::ended
//
// Thread safety: Count() from any thread once it is prepared, all else from the owner's.
// Ownership: borrows the server and its limits, which outlive it.

#ifndef SERVER_METRICS_DAEMON_METRICS_H_
#define SERVER_METRICS_DAEMON_METRICS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "prometheus/metric_family.h"
#include "rpc/call/ended_call.h"
#include "rpc/limits.h"
#include "rpc/server.h"
#include "server/metrics/call_metrics.h"
#include "server/metrics/exporter.h"

namespace udsecho {

class DaemonMetrics {
 public:
  // Empty: there are none.
  DaemonMetrics(std::string address, const rpc::Server* server, const rpc::Limits* limits)
      : address_(std::move(address)), server_(*server), limits_(*limits) {}

  bool wanted() const { return !address_.empty(); }
  bool served() const { return exporter_ != nullptr; }

  // Once the server has its services, and before it runs. From then on calls are counted.
  void Prepare() {
    if (wanted()) calls_.emplace(server_.MethodPaths());
  }

  // UNAVAILABLE: see Exporter. May be tried again.
  absl::Status Serve();

  // Where they are, once they are served.
  std::string address() const { return exporter_->address(); }

  void Count(const rpc::EndedCall& call) {
    if (calls_.has_value()) calls_->Count(call);
  }
  void Draining() { draining_ = true; }
  void Cut(std::uint64_t calls) { calls_cut_ += calls; }

 private:
  void Collect(std::vector<prometheus::MetricFamily>* families) const;

  const std::string address_;
  const rpc::Server& server_;
  const rpc::Limits& limits_;
  const absl::Time started_at_ = absl::Now();
  std::atomic<bool> draining_ = false;
  std::atomic<std::uint64_t> calls_cut_ = 0;
  std::optional<CallMetrics> calls_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace udsecho

#endif  // SERVER_METRICS_DAEMON_METRICS_H_
