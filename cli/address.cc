// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace udsecho::cli {
namespace {

constexpr absl::string_view kCommands[] = {
    "-",   "bench", "completion", "health", "help",  "list", "ping",   "reload", "restart",
    "run", "send",  "serve",      "start",  "stats", "stop", "status", "usage",  "version"};

bool IsCommand(absl::string_view text) {
  const std::string word = absl::AsciiStrToLower(text);
  return std::find(std::begin(kCommands), std::end(kCommands), word) != std::end(kCommands);
}

bool IsNumber(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

bool IsMachine(const std::string& text) {
  in_addr v4 = {};
  in6_addr v6 = {};
  return absl::AsciiStrToLower(text) == "localhost" || inet_pton(AF_INET, text.c_str(), &v4) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

absl::Status Refuse(const std::string& text, absl::string_view why, absl::string_view instead) {
  return absl::InvalidArgumentError(absl::StrCat("the address \"", text, "\" ", why, ": ", instead,
                                                 ", or ./", text, " for a socket of that name"));
}

}  // namespace

absl::Status CheckAddressWord(absl::string_view text, const AddressUser& user) {
  const std::string shown(text);  // printable, or none of what follows
  constexpr absl::string_view kSocketsAlone =
      "only Unix sockets are served, so say a path such as /tmp/sock1";
  if (text.empty()) return absl::OkStatus();
  if (IsCommand(text)) {
    return Refuse(shown, "looks like a command",
                  absl::StrCat("see ", user.program, " --help, or say a path such as /tmp/sock1"));
  }
  if (IsNumber(text)) {
    return Refuse(
        shown, "looks like a port",
        user.reaches_tcp ? absl::StrCat("say localhost:", shown) : std::string(kSocketsAlone));
  }
  if (!IsMachine(std::string(text))) return absl::OkStatus();
  const bool is_v6 = absl::string_view::npos != text.find(':');
  return Refuse(shown, "is a host, not a socket",
                user.reaches_tcp
                    ? absl::StrCat("say ", is_v6 ? absl::StrCat("[", shown, "]") : shown, ":PORT")
                    : std::string(kSocketsAlone));
}

}  // namespace udsecho::cli
