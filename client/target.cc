// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/target.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "cli/address.h"
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

constexpr size_t kShown = 160;  // of an address in an error

absl::Status Refuse(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the address \"",
                                                 uds::Printable(text.substr(0, kShown)),
                                                 text.size() > kShown ? "..." : "", "\" ", why));
}

// "dns:///h:1", "http://h:1/x" and "ipv4:1.2.3.4:1" without what is around the host and the port.
absl::string_view WithoutScheme(absl::string_view text, absl::string_view scheme) {
  absl::string_view rest = text.substr(scheme.size());
  if (absl::ConsumePrefix(&rest, "//")) {
    const size_t slash = rest.find('/');
    const bool is_grpcs = scheme == "dns:" || scheme == "passthrough:";
    // After gRPC's schemes the authority names who is to be asked.
    const bool has_target = slash != absl::string_view::npos && slash + 1 < rest.size();
    if (has_target && (is_grpcs || slash == 0)) rest = rest.substr(slash + 1);
  }
  rest = rest.substr(0, rest.find_first_of("/?#"));
  return rest.substr(rest.rfind('@') + 1);
}

// The form of `host`, which may lack a port, that Parse() takes; empty if there is none.
std::string Suggestion(absl::string_view host) {
  if (HostAndPort(host).has_value()) return std::string(host);
  if (absl::StartsWith(host, ":") && IsPort(host.substr(1))) return absl::StrCat("localhost", host);
  const size_t colon = host.rfind(':');
  if (host.empty() || colon == 0) return "";
  if (colon == absl::string_view::npos || host.back() == ']') return absl::StrCat(host, ":PORT");
  const bool is_v6 = host[0] != '[' && absl::StrContains(host.substr(0, colon), ':');
  if (!is_v6 || !IsPort(host.substr(colon + 1))) return "";
  return absl::StrCat("[", host.substr(0, colon), "]", host.substr(colon));
}

// Schemes with no host and port after them.
absl::Status CheckScheme(absl::string_view text, absl::string_view scheme) {
  constexpr absl::string_view kPaths[] = {
      "file:", "unix:", "http+unix:", "unix+http:", "grpc+unix:"};
  const std::string shown = uds::Printable(text.substr(0, std::min(scheme.size(), kShown)));
  if (std::count(std::begin(kPaths), std::end(kPaths), scheme) > 0) {
    return Refuse(text,
                  absl::StrCat("has the scheme \"", shown,
                               "\": say a socket's path, such as /tmp/sock1, or unix:/tmp/sock1"));
  }
  if (scheme == "vsock:" || scheme == "xds:" || scheme == "npipe:") {
    return Refuse(text, absl::StrCat("has the scheme \"", shown,
                                     "\", which this client does not speak: say HOST:PORT, or a "
                                     "socket's path, such as /tmp/sock1"));
  }
  return absl::OkStatus();
}

// What is meant for another kind of network than the two there are, or written in another way.
absl::Status CheckForm(absl::string_view text) {
  const size_t colon = text.substr(0, text.find('/')).find(':');
  if (colon == absl::string_view::npos || absl::StartsWith(text, "unix:") ||
      absl::StartsWith(text, "unix-abstract:")) {
    return absl::OkStatus();
  }
  const absl::string_view scheme = text.substr(0, colon + 1);
  if (absl::Status status = CheckScheme(text, absl::AsciiStrToLower(scheme)); !status.ok()) {
    return status;
  }
  const absl::string_view rest = text.substr(colon + 1);
  const bool has_scheme = absl::ascii_isalpha(static_cast<unsigned char>(text[0])) &&
                          (absl::StartsWith(rest, "//") || HostAndPort(rest).has_value());
  std::string form = Suggestion(has_scheme ? WithoutScheme(text, scheme) : text);
  if (form.size() > kShown) form.clear();

  std::string why = "is no host and port";
  if (has_scheme) {
    why = absl::StrCat("has the scheme \"", uds::Printable(scheme.substr(0, kShown)), "\"",
                       scheme == "https:" ? ", and this client speaks no TLS" : "");
  } else if (form.empty()) {
    why = "has no port from 1 to 65535 after its last colon";
  }
  const std::string instead = form.empty() ? "HOST:PORT, such as localhost:50051," : form;
  const bool may_be_a_file = !absl::StrContains(text, '/') && text.size() <= kShown;
  return Refuse(text, absl::StrCat(why, ": say ", uds::Printable(instead), " or ",
                                   may_be_a_file ? absl::StrCat("./", uds::Printable(text),
                                                                " for a socket of that name")
                                                 : "a socket's path, such as /tmp/sock1"));
}

// RFC 3986: of a path, what is neither "unreserved" nor '/' or ':'.
std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || absl::StrContains("-._~/:", c)) {
      escaped.push_back(c);
    } else {
      absl::StrAppend(&escaped, "%", absl::Hex(byte, absl::kZeroPad2));
    }
  }
  return escaped;
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
  if (const absl::Status word = cli::CheckAddressWord(text, cli::kClient); !word.ok()) {
    return absl::Status(word.code(), uds::Printable(word.message()));  // it quotes what was typed
  }
  if (absl::Status form = CheckForm(text); !form.ok()) return form;
  absl::StatusOr<uds::Address> address = uds::Address::Parse(text);
  if (!address.ok()) return address.status();
  target.name_ = address->ToString();
  // A socket's path has no meaning there, and some servers refuse it.
  target.authority_ = "localhost";
  target.address_ = *std::move(address);
  return target;
}

std::string Target::Uri() const {
  if (address_.has_value()) {
    const char* const scheme = address_->is_abstract() ? "unix-abstract:" : "unix:";
    return absl::StrCat(scheme, Escaped(address_->name()));
  }
  const bool is_v6 = absl::StrContains(host_, ':');
  return absl::StrCat("dns:///", Escaped(is_v6 ? absl::StrCat("[", host_, "]:", port_)
                                               : absl::StrCat(host_, ":", port_)));
}

absl::StatusOr<uds::UniqueFd> Target::Connect(absl::Duration timeout) const {
  if (address_.has_value()) return uds::Connect(*address_, timeout);
  return TcpConnect(host_, port_, timeout);
}

absl::StatusOr<uds::UniqueFd> Target::ConnectWaiting(absl::Duration timeout,
                                                     MonotonicTime wait_until, Interrupt* interrupt,
                                                     std::function<void()> waits) const {
  while (true) {
    absl::StatusOr<uds::UniqueFd> fd = Connect(timeout);
    if (fd.ok() || !NobodyIsThere(fd.status()) || MonotonicNow() >= wait_until) return fd;
    if (const auto once = std::exchange(waits, nullptr)) once();
    if (!interrupt->SleepUntil(std::min(MonotonicNow() + kRetryInterval, wait_until))) {
      return absl::CancelledError("interrupted");
    }
  }
}

}  // namespace udsecho::client
