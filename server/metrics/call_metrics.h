// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The calls of a server, counted for Prometheus under the names that gRPC's libraries for Go, Java and
// Python use, so that dashboards for these show this server too.
//
//   CallMetrics calls({"/udsecho.v1.Echo/Echo"});
//   options.call_hooks.ended = [&](const rpc::EndedCall& call) { calls.Count(call); };
//   calls.AddTo(&families);                                  // when Prometheus asks
//
//   grpc_server_handled_total{grpc_service,grpc_method,grpc_code}    counter
//   grpc_server_handling_seconds{grpc_service,grpc_method}           histogram
//
// What a client asks for by a path that is not served is one method, "unknown": otherwise a client could
// make as many as it likes.
//
// Counting takes no lock: a thread has a stripe of counters of its own as long as there are not more
// threads than stripes. What it costs stands in README.md of tools/bench/gate.
//
// Thread safety: all methods, any thread. Ownership: a value, neither copied nor moved.

#ifndef SERVER_METRICS_CALL_METRICS_H_
#define SERVER_METRICS_CALL_METRICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "prometheus/metric_family.h"
#include "rpc/call/ended_call.h"

namespace udsecho {

class CallMetrics {
 public:
  // Upper bounds of the histogram, in seconds. From a call that is answered from memory to one that
  // waits for its deadline.
  static constexpr std::array<double, 17> kBounds = {50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3,
                                                     5e-3,  10e-3,  25e-3,  50e-3,  0.1,  0.25,
                                                     0.5,   1,      2.5,    5,      10};

  // `paths`: of the methods that are served, as "/package.Service/Method".
  explicit CallMetrics(const std::vector<std::string>& paths);

  void Count(const rpc::EndedCall& call);

  void AddTo(std::vector<prometheus::MetricFamily>* families) const;

 private:
  static constexpr std::size_t kCodes = 17;  // of gRPC
  static constexpr std::size_t kStripes = 8;

  struct Counts {
    std::array<std::atomic<std::uint64_t>, kCodes> codes = {};
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets = {};
    std::atomic<std::int64_t> nanoseconds = 0;
  };
  struct Method {
    std::string service;
    std::string name;
  };

  Counts& CountsOf(const rpc::EndedCall& call);
  // Of all stripes. `read` gives the number of one.
  template <class Read>
  double Sum(std::size_t method, const Read& read) const;

  std::vector<Method> methods_;  // the last: unknown
  absl::flat_hash_map<std::string, std::size_t> by_path_;
  // By stripe, and in that by method.
  std::vector<std::vector<Counts>> stripes_;
};

}  // namespace udsecho

#endif  // SERVER_METRICS_CALL_METRICS_H_
