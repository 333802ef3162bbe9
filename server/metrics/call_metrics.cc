// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/metrics/call_metrics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace udsecho {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr char kUnknown[] = "unknown";

// As the libraries for other languages write them.
constexpr std::array<absl::string_view, 17> kCodeNames = {
    "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated"};

std::size_t CodeOf(const absl::Status& status) {
  const auto code = static_cast<std::size_t>(status.code());
  return code < kCodeNames.size() ? code : static_cast<std::size_t>(absl::StatusCode::kUnknown);
}

std::size_t BucketOf(double seconds) {
  const auto* const bound =
      std::lower_bound(CallMetrics::kBounds.begin(), CallMetrics::kBounds.end(), seconds);
  return static_cast<std::size_t>(bound - CallMetrics::kBounds.begin());
}

// Threads take stripes in turns.
std::size_t OwnStripe(std::size_t stripes) {
  static std::atomic<std::size_t> next = 0;
  thread_local const std::size_t kOwn = next.fetch_add(1, std::memory_order_relaxed);
  return kOwn % stripes;
}

}  // namespace

CallMetrics::CallMetrics(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    by_path_.emplace(path, methods_.size());
    const absl::string_view names = absl::StripPrefix(path, "/");
    const std::size_t slash = names.rfind('/');
    methods_.push_back({.service = std::string(names.substr(0, slash)),
                        .name = std::string(names.substr(slash + 1))});
  }
  methods_.push_back({.service = kUnknown, .name = kUnknown});
  for (std::size_t i = 0; i < kStripes; ++i) stripes_.emplace_back(methods_.size());
}

CallMetrics::Counts& CallMetrics::CountsOf(const rpc::EndedCall& call) {
  // A refused call may name any path.
  const auto found = call.call == nullptr ? by_path_.end() : by_path_.find(call.path);
  const std::size_t method = found == by_path_.end() ? methods_.size() - 1 : found->second;
  return stripes_[OwnStripe(kStripes)][method];
}

void CallMetrics::Count(const rpc::EndedCall& call) {
  Counts& counts = CountsOf(call);
  counts.codes[CodeOf(call.status)].fetch_add(1, std::memory_order_relaxed);
  const std::size_t bucket = BucketOf(absl::ToDoubleSeconds(call.duration));
  counts.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  counts.nanoseconds.fetch_add(absl::ToInt64Nanoseconds(call.duration), std::memory_order_relaxed);
}

template <class Read>
double CallMetrics::Sum(std::size_t method, const Read& read) const {
  double sum = 0;
  for (const std::vector<Counts>& stripe : stripes_) {
    sum += static_cast<double>(read(stripe[method]).load(std::memory_order_relaxed));
  }
  return sum;
}

void CallMetrics::AddTo(std::vector<MetricFamily>* families) const {
  MetricFamily handled = {.name = "grpc_server_handled_total",
                          .help = "Calls that have ended, whoever ended them, by status code.",
                          .type = MetricType::Counter,
                          .metric = {}};
  MetricFamily handling = {.name = "grpc_server_handling_seconds",
                           .help = "How long calls took, from their header to their status.",
                           .type = MetricType::Histogram,
                           .metric = {}};
  for (std::size_t method = 0; method < methods_.size(); ++method) {
    const std::vector<ClientMetric::Label> labels = {{"grpc_service", methods_[method].service},
                                                     {"grpc_method", methods_[method].name}};
    for (std::size_t code = 0; code < kCodes; ++code) {
      ClientMetric metric;
      metric.counter.value =
          Sum(method, [&](const Counts& counts) -> auto& { return counts.codes[code]; });
      if (metric.counter.value == 0 && code != 0) continue;
      metric.label = labels;
      metric.label.push_back({"grpc_code", std::string(kCodeNames[code])});
      handled.metric.push_back(std::move(metric));
    }
    ClientMetric metric;
    metric.label = labels;
    double below = 0;
    for (std::size_t bucket = 0; bucket < kBounds.size(); ++bucket) {
      below += Sum(method, [&](const Counts& counts) -> auto& { return counts.buckets[bucket]; });
      metric.histogram.bucket.push_back(
          {.cumulative_count = static_cast<std::uint64_t>(below), .upper_bound = kBounds[bucket]});
    }
    below += Sum(method, [](const Counts& counts) -> auto& { return counts.buckets.back(); });
    metric.histogram.sample_count = static_cast<std::uint64_t>(below);
    metric.histogram.sample_sum =
        Sum(method, [](const Counts& counts) -> auto& { return counts.nanoseconds; }) / 1e9;
    handling.metric.push_back(std::move(metric));
  }
  families->push_back(std::move(handled));
  families->push_back(std::move(handling));
}

}  // namespace udsecho
