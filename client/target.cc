// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/target.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/tcp_connect.h"
#include "uds/connect.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

bool IsPort(absl::string_view text) {
  int port = 0;
  return absl::SimpleAtoi(text, &port) && port > 0 && port < 65536;
}

// "host:1" or "[::1]:1" in two; nothing for what is no such thing.
std::optional<std::pair<std::string, std::string>> HostAndPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || absl::StrContains(text, '/')) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port = text.substr(colon + 1);
  if (!IsPort(port) || host.empty() || host == "unix" || host == "unix-abstract") {
    return std::nullopt;
  }
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (absl::StrContains(host, ':')) {
    return std::nullopt;
  }
  return std::make_pair(std::string(host), std::string(port));
}

bool NobodyIsThere(const absl::Status& status) {
  return status.code() == absl::StatusCode::kNotFound ||
         status.code() == absl::StatusCode::kUnavailable;
}

}  // namespace

absl::StatusOr<Target> Target::Parse(absl::string_view text) {
  Target target;
  if (auto parts = HostAndPort(text)) {
    target.name_ = uds::Printable(text);
    target.authority_ = target.name_;
    std::tie(target.host_, target.port_) = *std::move(parts);
    return target;
  }
  absl::StatusOr<uds::Address> address = uds::Address::Parse(text);
  if (!address.ok()) return address.status();
  target.name_ = address->ToString();
  // A socket's path has no meaning there, and some servers refuse it.
  target.authority_ = "localhost";
  target.address_ = *std::move(address);
  return target;
}

absl::StatusOr<uds::UniqueFd> Target::Connect(absl::Duration timeout) const {
  if (address_.has_value()) return uds::Connect(*address_, timeout);
  return TcpConnect(host_, port_, timeout);
}

absl::StatusOr<uds::UniqueFd> Target::ConnectWaiting(absl::Duration timeout,
                                                     MonotonicTime wait_until,
                                                     Interrupt* interrupt) const {
  while (true) {
    absl::StatusOr<uds::UniqueFd> fd = Connect(timeout);
    if (fd.ok() || !NobodyIsThere(fd.status()) || MonotonicNow() >= wait_until) return fd;
    if (!interrupt->SleepUntil(std::min(MonotonicNow() + kRetryInterval, wait_until))) {
      return absl::CancelledError("interrupted");
    }
  }
}

}  // namespace udsecho::client
