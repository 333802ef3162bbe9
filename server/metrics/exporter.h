// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Serves metrics to Prometheus over HTTP: GET /metrics.
//
//   absl::StatusOr<std::unique_ptr<Exporter>> exporter =
//       Exporter::Start("127.0.0.1:9464", [&](std::vector<prometheus::MetricFamily>* all) { ... });
//
// By prometheus-cpp's Exposer, and so with two threads of its own. It has no TLS and asks for no name:
// whoever can reach the address reads the metrics. So an address of another machine's network has to be
// asked for by its number.
//
// Thread safety: `collect` is called on these threads, and not any more once the Exporter is gone.
// Ownership: has its threads, and leaves them behind when it goes, for a process that is about to
// end: to end them takes up to two seconds.

#ifndef SERVER_METRICS_EXPORTER_H_
#define SERVER_METRICS_EXPORTER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "prometheus/metric_family.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace udsecho {

class Exporter {
 public:
  using Collect = std::function<void(std::vector<prometheus::MetricFamily>*)>;

  // INVALID_ARGUMENT, with a sentence, for what is no IPv4 address and port, such as 127.0.0.1:9464;
  // port 0: any that is free.
  static absl::Status Check(absl::string_view address);

  // UNAVAILABLE if the address cannot be had: the port is taken, or the address is not this machine's.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(const std::string& address,
                                                         Collect collect);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  // As Start() had it, with the port that was had where it was 0.
  std::string address() const;

 private:
  class Source;

  Exporter(std::unique_ptr<prometheus::Exposer> exposer, std::shared_ptr<Source> source,
           std::string host);

  std::shared_ptr<Source> source_;
  std::unique_ptr<prometheus::Exposer> exposer_;
  const std::string host_;
};

}  // namespace udsecho

#endif  // SERVER_METRICS_EXPORTER_H_
