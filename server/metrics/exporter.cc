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
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "prometheus/collectable.h"
#include "prometheus/exposer.h"
#include "uds/unique_fd.h"

namespace udsecho {
namespace {

struct Place {
  sockaddr_storage address = {};
  socklen_t length = 0;
};

std::optional<Place> Parse(absl::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  std::uint32_t port = 0;
  if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port > 65'535) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  Place place;
  if (absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]")) {
    auto* const six = reinterpret_cast<sockaddr_in6*>(&place.address);
    if (inet_pton(AF_INET6, std::string(host).c_str(), &six->sin6_addr) != 1) return std::nullopt;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<std::uint16_t>(port));
    place.length = sizeof(*six);
    return place;
  }
  auto* const four = reinterpret_cast<sockaddr_in*>(&place.address);
  if (inet_pton(AF_INET, std::string(host).c_str(), &four->sin_addr) != 1) return std::nullopt;
  four->sin_family = AF_INET;
  four->sin_port = htons(static_cast<std::uint16_t>(port));
  place.length = sizeof(*four);
  return place;
}

// Why nobody can listen there. The library tells no reason.
absl::Status WhyNot(const std::string& address) {
  const std::optional<Place> place = Parse(address);
  if (!place.has_value()) return Exporter::Check(address);
  const uds::UniqueFd fd(socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.valid() &&
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&place->address), place->length) == 0) {
    return absl::UnavailableError("the HTTP server would not start");
  }
  const absl::Status why = absl::ErrnoToStatus(errno, "bind(2)");
  return absl::UnavailableError(why.message());
}

// Exposers whose owner has ended.
std::vector<std::unique_ptr<prometheus::Exposer>>& LeftBehind() {
  static auto* const left = new std::vector<std::unique_ptr<prometheus::Exposer>>();
  return *left;
}

}  // namespace

class Exporter::Source final : public prometheus::Collectable {
 public:
  explicit Source(Exporter::Collect collect) : collect_(std::move(collect)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<prometheus::MetricFamily> all;
    if (collect_ != nullptr) collect_(&all);
    return all;
  }

  // There is nothing more from now on.
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    collect_ = nullptr;
  }

 private:
  mutable std::mutex mutex_;
  Exporter::Collect collect_;  // guarded by mutex_
};

absl::Status Exporter::Check(absl::string_view address) {
  if (Parse(address).has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", address,
                   "' is no address of a number and a port; write 127.0.0.1:9464, or "
                   "[::1]:9464"));
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
