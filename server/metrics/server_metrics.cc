// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/metrics/server_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/process_facts.h"
#include "uds/descriptor_limit.h"

namespace udsecho {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

ClientMetric MetricOf(MetricType type, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  return metric;
}

void Add(Families* families, const char* name, const char* help, MetricType type,
         std::vector<ClientMetric> metrics) {
  families->push_back({.name = name, .help = help, .type = type, .metric = std::move(metrics)});
}

void AddCounter(Families* families, const char* name, const char* help, std::uint64_t value) {
  Add(families, name, help, MetricType::Counter,
      {MetricOf(MetricType::Counter, static_cast<double>(value))});
}

void AddGauge(Families* families, const char* name, const char* help, double value) {
  Add(families, name, help, MetricType::Gauge, {MetricOf(MetricType::Gauge, value)});
}

ClientMetric Because(absl::string_view reason, std::uint64_t count) {
  return MetricOf(MetricType::Counter, static_cast<double>(count),
                  {{"reason", std::string(reason)}});
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Of this process; 0 where the kernel does not tell.
int OpenDescriptors() {
  DIR* const directory = opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  int count = 0;
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count - 3;  // ".", ".." and the directory's own
}

}  // namespace

void AddServerMetrics(const rpc::Server& server, const rpc::Limits& limits, Families* families) {
  const rpc::Statistics counted = server.statistics();
  AddCounter(families, "udsecho_connections_accepted_total", "Connections that were accepted.",
             counted.connections_accepted);
  AddGauge(families, "udsecho_connections", "Connections that are open and speak HTTP/2.",
           static_cast<double>(server.Connections().size()));
  AddGauge(families, "udsecho_connections_max",
           "The limit of open connections (--max_connections).", limits.max_connections);
  Add(families, "udsecho_connections_ended_total",
      "Connections that the server refused or ended, by reason. refused: over a limit, or not "
      "known "
      "who; silent: no HTTP/2, or not in time; unread: read nothing; flooded: too many frames of "
      "no "
      "use.",
      MetricType::Counter,
      {Because("refused", counted.connections_refused - counted.connections_silent),
       Because("silent", counted.connections_silent), Because("unread", counted.connections_unread),
       Because("flooded", counted.connections_flooded)});
  AddCounter(families, "udsecho_calls_begun_total", "Requests, refused ones too.",
             counted.calls_begun);
  Add(families, "udsecho_calls_refused_total",
      "Calls that the server refused, by reason. limit: of calls, messages, metadata or memory "
      "(RESOURCE_EXHAUSTED); denied: their caller may not call.",
      MetricType::Counter,
      {Because("limit", counted.calls_refused), Because("denied", counted.calls_denied)});
  AddGauge(families, "udsecho_calls_in_flight", "Calls that have no status yet.",
           static_cast<double>(server.calls_in_flight()));
  AddGauge(families, "udsecho_calls_in_flight_max", "Their limit (--max_calls).", limits.max_calls);
  AddCounter(families, "udsecho_bytes_received_total", "Bytes of messages, as encoded.",
             counted.bytes_received);
  AddCounter(families, "udsecho_bytes_sent_total", "Bytes of messages, as encoded.",
             counted.bytes_sent);
  AddGauge(families, "udsecho_memory_held_bytes",
           "What connections, requests and responses hold of the bound.",
           static_cast<double>(server.memory_held()));
  AddGauge(families, "udsecho_memory_max_bytes", "That bound (--max_memory).",
           static_cast<double>(limits.max_memory_bytes));
}

void AddDrainMetrics(bool draining, std::uint64_t calls_cut, Families* families) {
  AddGauge(families, "udsecho_draining", "1 while the server drains.", draining ? 1 : 0);
  AddCounter(families, "udsecho_calls_cut_total",
             "Calls that were cut off at the end of the grace.", calls_cut);
}

void AddProcessMetrics(absl::Time started_at, Families* families) {
  rusage used = {};
  getrusage(RUSAGE_SELF, &used);
  Add(families, "process_cpu_seconds_total", "CPU time of the user and of the system.",
      MetricType::Counter,
      {MetricOf(MetricType::Counter, Seconds(used.ru_utime) + Seconds(used.ru_stime))});
  AddGauge(families, "process_resident_memory_bytes", "Resident memory.",
           static_cast<double>(ResidentBytes()));
  AddGauge(families, "process_open_fds", "Descriptors that are open.", OpenDescriptors());
  AddGauge(families, "process_max_fds", "How many there may be.",
           static_cast<double>(uds::DescriptorLimit()));
  AddGauge(families, "process_start_time_seconds", "When it started, since 1970.",
           absl::ToDoubleSeconds(started_at - absl::UnixEpoch()));
}

}  // namespace udsecho
