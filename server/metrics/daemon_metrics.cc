// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/metrics/daemon_metrics.h"

#include "absl/status/statusor.h"
#include "server/metrics/server_metrics.h"

namespace udsecho {

absl::Status DaemonMetrics::Serve() {
  if (!wanted() || served()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Exporter>> exporter =
      Exporter::Start(address_, [this](auto* families) { Collect(families); });
  if (!exporter.ok()) return exporter.status();
  exporter_ = *std::move(exporter);
  return absl::OkStatus();
}

void DaemonMetrics::Collect(std::vector<prometheus::MetricFamily>* families) const {
  calls_->AddTo(families);
  AddServerMetrics(server_, limits_, families);
  AddDrainMetrics(draining_, calls_cut_, families);
  AddProcessMetrics(started_at_, families);
}

}  // namespace udsecho
