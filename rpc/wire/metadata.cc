// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/metadata.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace rpc::wire {
namespace {

bool IsKeyCharacter(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '_' || c == '.';
}

bool IsPrintable(char c) { return c >= ' ' && c <= '~'; }

// A client takes a response that has one of these for malformed (RFC 9113, 8.2.2).
bool IsOfAConnection(absl::string_view name) {
  static constexpr std::array<absl::string_view, 5> kNames = {
      "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// Which HTTP/2 does not allow at either end of a value (RFC 9113, 8.2.1).
bool HasSpaceAtAnEnd(absl::string_view value) {
  return absl::StartsWith(value, " ") || absl::EndsWith(value, " ");
}

bool IsLegalText(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), IsPrintable) && !HasSpaceAtAnEnd(value);
}

}  // namespace

bool IsBinary(absl::string_view key) { return absl::EndsWith(key, "-bin"); }

bool IsMetadata(absl::string_view name) {
  static constexpr std::array<absl::string_view, 7> kKept = {
      "te",           "content-type",  "content-length",      "host",
      "grpc-timeout", "grpc-encoding", "grpc-accept-encoding"};
  return !absl::StartsWith(name, ":") && std::find(kKept.begin(), kKept.end(), name) == kKept.end();
}

bool IsLegalToSend(absl::string_view key, absl::string_view value) {
  return !key.empty() && std::all_of(key.begin(), key.end(), IsKeyCharacter) &&
         !absl::StartsWith(key, "grpc-") && IsMetadata(key) && !IsOfAConnection(key) &&
         (IsBinary(key) || IsLegalText(value));
}

std::string EncodeBinary(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  while (absl::EndsWith(text, "=")) text.pop_back();
  return text;
}

std::optional<std::vector<std::string>> DecodeBinary(absl::string_view field) {
  std::vector<std::string> values;
  for (const absl::string_view text : absl::StrSplit(field, ',')) {
    std::string value;
    if (!absl::Base64Unescape(absl::StripAsciiWhitespace(text), &value)) return std::nullopt;
    values.push_back(std::move(value));
  }
  return values;
}

std::optional<absl::Duration> ParseTimeout(absl::string_view text) {
  constexpr std::size_t kMostDigits = 8;
  if (text.size() < 2 || text.size() > kMostDigits + 1) return std::nullopt;
  const absl::string_view digits = text.substr(0, text.size() - 1);
  std::int64_t count = 0;
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(digits, &count)) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 'H':
      return absl::Hours(count);
    case 'M':
      return absl::Minutes(count);
    case 'S':
      return absl::Seconds(count);
    case 'm':
      return absl::Milliseconds(count);
    case 'u':
      return absl::Microseconds(count);
    case 'n':
      return absl::Nanoseconds(count);
    default:
      return std::nullopt;
  }
}

bool IsGrpc(absl::string_view content_type) {
  if (!absl::ConsumePrefix(&content_type, "application/grpc")) return false;
  absl::ConsumePrefix(&content_type, "+proto");
  return content_type.empty() || content_type[0] == ';' || content_type[0] == ' ';
}

}  // namespace rpc::wire
