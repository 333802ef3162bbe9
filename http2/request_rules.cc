// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/request_rules.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace http2 {
namespace {

const std::uint8_t* Bytes(absl::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

bool IsName(absl::string_view name) {
  return nghttp2_check_header_name(Bytes(name), name.size()) != 0;
}

bool IsValue(absl::string_view value) {
  return nghttp2_check_header_value_rfc9113(Bytes(value), value.size()) != 0;
}

// RFC 9113, 8.2.2.
bool IsOfTheConnection(absl::string_view name, absl::string_view value) {
  switch (name.size()) {
    case 2:
      return name == "te" && !absl::EqualsIgnoreCase(value, "trailers");
    case 7:
      return name == "upgrade";
    case 10:
      return name == "connection" || name == "keep-alive";
    case 16:
      return name == "proxy-connection";
    case 17:
      return name == "transfer-encoding";
    default:
      return false;
  }
}

bool IsRegular(absl::string_view name, absl::string_view value) {
  return IsName(name) && IsValue(value) && !IsOfTheConnection(name, value);
}

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

bool IsOfAScheme(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.';
}

bool IsScheme(absl::string_view value) {
  return !value.empty() && absl::ascii_isalpha(static_cast<unsigned char>(value.front())) &&
         std::ranges::all_of(value, IsOfAScheme);
}

bool IsPath(absl::string_view value) {
  return (absl::StartsWith(value, "/") || value == "*") &&
         nghttp2_check_path(Bytes(value), value.size()) != 0;
}

}  // namespace

bool RequestRules::Once(Part part) {
  const bool was_there = (seen_ & part) != 0;
  seen_ |= part;
  return !was_there;
}

bool RequestRules::AllowPseudo(absl::string_view name, absl::string_view value) {
  if ((seen_ & kRegular) != 0) return false;
  if (name == ":method") {
    if (value == "CONNECT") seen_ |= kConnect;
    return Once(kMethod) && nghttp2_check_method(Bytes(value), value.size()) != 0;
  }
  if (name == ":path") return Once(kPath) && IsPath(value);
  if (name == ":scheme") return Once(kScheme) && IsScheme(value);
  return name == ":authority" && Once(kAuthority) && IsValue(value);
}

bool RequestRules::Allow(absl::string_view name, absl::string_view value) {
  if (absl::StartsWith(name, ":")) return AllowPseudo(name, value);
  seen_ |= kRegular;
  if (!IsRegular(name, value)) return false;
  if (name != "content-length") return true;
  return content_length_ < 0 && std::ranges::all_of(value, IsDigit) &&
         absl::SimpleAtoi(value, &content_length_);
}

bool RequestRules::AllowTrailer(absl::string_view name, absl::string_view value) {
  return !absl::StartsWith(name, ":") && IsRegular(name, value);
}

bool RequestRules::EndHeader() {
  constexpr std::uint8_t kRequired = kMethod | kScheme | kPath;
  if ((seen_ & kConnect) == 0) return (seen_ & kRequired) == kRequired;
  content_length_ = -1;
  return (seen_ & (kScheme | kPath)) == 0 && (seen_ & kAuthority) != 0;
}

}  // namespace http2
