// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server holds and has refused, for Prometheus: connections, calls in flight, bytes, memory, and
// of the process what every exporter tells.
//
//   AddServerMetrics(server, limits, &families);
//
// Names: docs/operating.md has all of them.
//
// Thread safety: any thread.

#ifndef SERVER_METRICS_SERVER_METRICS_H_
#define SERVER_METRICS_SERVER_METRICS_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "prometheus/metric_family.h"
#include "rpc/limits.h"
#include "rpc/server.h"

namespace udsecho {

void AddServerMetrics(const rpc::Server& server, const rpc::Limits& limits,
                      std::vector<prometheus::MetricFamily>* families);

void AddDrainMetrics(bool draining, std::uint64_t calls_cut,
                     std::vector<prometheus::MetricFamily>* families);

// CPU, memory, descriptors and the time of the start, as far as the kernel tells.
void AddProcessMetrics(absl::Time started_at, std::vector<prometheus::MetricFamily>* families);

}  // namespace udsecho

#endif  // SERVER_METRICS_SERVER_METRICS_H_
