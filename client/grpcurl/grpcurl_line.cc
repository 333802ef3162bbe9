// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/grpcurl/grpcurl_line.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "client/json.h"

namespace udsecho::client {
namespace {

// It reads an address as a URL, wants a path from the root, and writes abstract names with an '@'.
std::string AddressOf(const Target& target) {
  const std::optional<uds::Address>& address = target.address();
  if (!address.has_value()) return target.name();
  if (address->is_abstract()) return absl::StrCat("@", address->name());
  std::error_code unknown;
  std::filesystem::path path(address->name());
  if (path.is_relative()) path = std::filesystem::current_path(unknown) / path;
  return absl::StrReplaceAll(path.string(), {{"%", "%25"}, {"?", "%3F"}, {"#", "%23"}});
}

std::string Seconds(absl::Duration duration) {
  return absl::StrCat(absl::ToDoubleSeconds(duration));
}

bool IsPlain(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_./:@%+=,", c);
}

}  // namespace

std::string ShellQuoted(absl::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), IsPlain)) return std::string(word);
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

std::string GrpcurlLine(const GrpcurlCall& call, const Target& target, const Options& options) {
  std::vector<std::string> words = {"grpcurl", "-plaintext"};
  const auto add = [&](absl::string_view flag, absl::string_view value) {
    words.emplace_back(flag);
    words.push_back(ShellQuoted(value));
  };
  if (target.address().has_value()) words.emplace_back("-unix");
  if (options.verbosity == Verbosity::kVerbose) words.emplace_back("-v");
  if (!options.call.authority.empty()) add("-authority", options.call.authority);
  const bool is_limited = call.has_deadline || options.call.limits_streams;
  if (is_limited && options.call.timeout != absl::InfiniteDuration()) {
    add("-max-time", Seconds(options.call.timeout));
  }
  if (options.call.keepalive != absl::InfiniteDuration()) {
    add("-keepalive-time", Seconds(options.call.keepalive));
  }
  for (const std::string& file : options.method.protosets) add("-protoset", file);
  for (const auto& [key, value] : options.call.metadata) {
    const bool is_binary = absl::EndsWith(key, "-bin");
    add("-H", absl::StrCat(key, ": ", is_binary ? Base64(value) : value));
  }
  if (call.data.has_value()) add("-d", *call.data);
  words.push_back(ShellQuoted(AddressOf(target)));
  if (!call.verb.empty()) words.push_back(call.verb);
  if (!call.symbol.empty()) words.push_back(ShellQuoted(call.symbol));
  if (!call.input.empty()) add("<", call.input);
  return absl::StrJoin(words, " ");
}

}  // namespace udsecho::client
