// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/metrics/exporter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "uds/unique_fd.h"

namespace udsecho {
namespace {

// Debian's civetweb is built without IPv6.
std::optional<sockaddr_in> Parse(absl::string_view text) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  const auto& [host, port] = parts;
  std::uint32_t number = 0;
  if (port.find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtoi(port, &number) || number > 65'535) {
    return std::nullopt;
  }
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(number));
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) return std::nullopt;
  return address;
}

// Why nobody can listen there. The library tells no reason.
absl::Status WhyNot(const std::string& address) {
  const std::optional<sockaddr_in> place = Parse(address);
  if (!place.has_value()) return Exporter::Check(address);
  const uds::UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.valid() &&
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&*place), sizeof(*place)) == 0) {
    return absl::UnavailableError("the HTTP server would not start");
  }
  const absl::Status why = absl::ErrnoToStatus(errno, "bind(2)");
  return absl::UnavailableError(why.message());
}

// Exposers whose owner has ended.
std::vector<std::unique_ptr<prometheus::Exposer>>& LeftBehind() {
  static auto* const kLeft = new std::vector<std::unique_ptr<prometheus::Exposer>>();
  return *kLeft;
}

}  // namespace

class Exporter::Source final : public prometheus::Collectable {
 public:
  explicit Source(Exporter::Collect collect) : collect_(std::move(collect)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (collect_ == nullptr) return last_;
    std::vector<prometheus::MetricFamily> all;
    collect_(&all);
    return all;
  }

  // Whoever asks from now on gets what there was at last.
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    collect_(&last_);
    collect_ = nullptr;
  }

 private:
  mutable std::mutex mutex_;
  Exporter::Collect collect_;                   // guarded by mutex_
  std::vector<prometheus::MetricFamily> last_;  // guarded by mutex_
};

absl::Status Exporter::Check(absl::string_view address) {
  if (Parse(address).has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", address, "' is no IPv4 address with a port; write it as 127.0.0.1:9464"));
}

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Start(const std::string& address,
                                                          Collect collect) {
  if (absl::Status checked = Check(address); !checked.ok()) return checked;
  auto source = std::make_shared<Source>(std::move(collect));
  try {
    // A client that dawdles keeps one of the two threads for so long.
    auto exposer = std::make_unique<prometheus::Exposer>(std::vector<std::string>{
        "listening_ports", address, "num_threads", "2", "request_timeout_ms", "2000"});
    exposer->RegisterCollectable(source);
    return std::unique_ptr<Exporter>(
        new Exporter(std::move(exposer), std::move(source), address.substr(0, address.rfind(':'))));
  } catch (const std::exception& /*tells nothing*/) {
    return absl::UnavailableError(absl::StrCat("cannot serve metrics at ", address, ": ",
                                               WhyNot(address).message(),
                                               "; choose another address for --metrics"));
  }
}

Exporter::Exporter(std::unique_ptr<prometheus::Exposer> exposer, std::shared_ptr<Source> source,
                   std::string host)
    : source_(std::move(source)), exposer_(std::move(exposer)), host_(std::move(host)) {}

Exporter::~Exporter() {
  source_->End();
  LeftBehind().push_back(std::move(exposer_));
}

std::string Exporter::address() const {
  const std::vector<int> ports = exposer_->GetListeningPorts();
  return absl::StrCat(host_, ":", ports.empty() ? 0 : ports.front());
}

}  // namespace udsecho
