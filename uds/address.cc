// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/address.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "uds/printable.h"

namespace uds {
namespace {

// Not all of it when somebody hands in a novel.
std::string Shown(absl::string_view text) {
  constexpr size_t kMost = 160;
  return absl::StrCat(Printable(text.substr(0, kMost)), text.size() > kMost ? "..." : "");
}

absl::Status Refuse(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the address \"", Shown(text), "\" ", why));
}

// Text without `unix:` before it: refuses what can only be meant for another kind of network.
absl::Status CheckBarePath(absl::string_view text) {
  if (text[0] == '@') {
    return Refuse(text, absl::StrCat("begins with @: say unix-abstract:", Shown(text.substr(1)),
                                     " for an abstract name, or ./", Shown(text),
                                     " for a file of that name"));
  }
  const size_t colon = text.substr(0, text.find('/')).find(':');
  if (colon == absl::string_view::npos) return absl::OkStatus();

  const absl::string_view port = text.substr(text.rfind(':') + 1);
  const bool is_port = !port.empty() && std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
  const std::string what =
      is_port ? "looks like a host and port"
              : absl::StrCat("has the scheme \"", Shown(text.substr(0, colon)), ":\"");
  const bool may_be_a_file = !absl::StrContains(text, '/') && text.size() <= Address::kMaxLength;
  return Refuse(
      text,
      absl::StrCat(
          what, ", and only Unix sockets are served: say a path such as /tmp/sock1",
          may_be_a_file ? absl::StrCat(", or ./", Shown(text), " for a file of that name") : ""));
}

// What follows `unix:` or `unix-abstract:` is read as a URI (RFC 3986), as gRPC's clients do: an
// authority has no place there, %2F is a byte, and '?' and '#' would begin what is no path.
absl::StatusOr<std::string> DecodeUri(absl::string_view text, absl::string_view scheme,
                                      absl::string_view rest) {
  if (absl::ConsumePrefix(&rest, "//") && !rest.empty() && rest[0] != '/') {
    absl::string_view path = rest;
    if (absl::ConsumePrefix(&path, "localhost/")) {
      return Refuse(text, absl::StrCat("names a host where a path belongs: say ", scheme, "///",
                                       Shown(path)));
    }
    return Refuse(text, absl::StrCat("names an authority where a path belongs: say ", scheme,
                                     Shown(rest), ", or ", scheme, "///", Shown(rest),
                                     " for one that begins with a slash"));
  }
  const size_t end = rest.find_first_of("?#");
  if (end != absl::string_view::npos) {
    const std::string character(rest.substr(end, 1));
    return Refuse(text, absl::StrCat("has a '", character, "', where gRPC's clients end the path: ",
                                     "say ", character == "?" ? "%3F" : "%23", " for it"));
  }
  std::string decoded;
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool is_escape = rest[i] == '%' && i + 2 < rest.size() &&
                           absl::ascii_isxdigit(static_cast<unsigned char>(rest[i + 1])) &&
                           absl::ascii_isxdigit(static_cast<unsigned char>(rest[i + 2]));
    decoded += is_escape ? absl::HexStringToBytes(rest.substr(i + 1, 2)) : std::string(1, rest[i]);
    if (is_escape) i += 2;
  }
  if (absl::StrContains(decoded, '\0')) return Refuse(text, "contains a NUL byte, as %00");
  return decoded;
}

// So that it means the same after `unix:`.
std::string EncodeUri(absl::string_view name) {
  return absl::StrReplaceAll(name, {{"%", "%25"}, {"?", "%3F"}, {"#", "%23"}});
}

absl::Status CheckLength(absl::string_view text, absl::string_view name) {
  if (name.size() <= Address::kMaxLength) return absl::OkStatus();
  return Refuse(
      text, absl::StrCat("is too long: it has ", name.size(),
                         " bytes, and a Unix socket's path or name may have at most ",
                         Address::kMaxLength, "; use a shorter directory such as /run or /tmp"));
}

absl::Status CheckPath(absl::string_view text, absl::string_view path) {
  if (path.empty()) return Refuse(text, "names no file: say a path such as /tmp/sock1");
  const size_t slash = path.rfind('/');
  const absl::string_view last = slash == absl::string_view::npos ? path : path.substr(slash + 1);
  if (last.empty() || last == "." || last == "..") {
    return Refuse(text, absl::StrCat("names a directory: add the socket's own name, as in ",
                                     Shown(absl::StripSuffix(path, "/")), "/sock1"));
  }
  return CheckLength(text, path);
}

}  // namespace

absl::StatusOr<Address> Address::Parse(absl::string_view text) {
  if (text.empty()) {
    return absl::InvalidArgumentError("the address is empty: say a path such as /tmp/sock1");
  }
  if (absl::StrContains(text, '\0')) {
    return Refuse(text,
                  "contains a NUL byte: no path may; say unix-abstract:name for an abstract "
                  "name, without its leading NUL");
  }

  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix-abstract:")) {
    const absl::StatusOr<std::string> name = DecodeUri(text, "unix-abstract:", rest);
    if (!name.ok()) return name.status();
    if (name->empty()) return Refuse(text, "has no name: say unix-abstract:name");
    if (absl::Status status = CheckLength(text, *name); !status.ok()) return status;
    return OfAbstractName(*name);
  }

  std::string path(text);
  if (absl::ConsumePrefix(&rest, "unix:")) {
    absl::StatusOr<std::string> decoded = DecodeUri(text, "unix:", rest);
    if (!decoded.ok()) return decoded.status();
    path = *std::move(decoded);
  } else if (absl::Status status = CheckBarePath(text); !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckPath(text, path); !status.ok()) return status;
  return OfPath(path);
}

std::string Address::ToString() const {
  // What follows two slashes would be an authority, unless that is empty.
  return absl::StrCat(is_abstract_ ? "unix-abstract:" : "unix:",
                      absl::StartsWith(name_, "//") ? "//" : "", Printable(EncodeUri(name_)));
}

Address Address::OfPath(absl::string_view path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  const size_t length = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  std::string owned(path);
  return {std::move(owned), address, static_cast<socklen_t>(length)};
}

Address Address::OfAbstractName(absl::string_view name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  // The length counts: a NUL at the end would be one more byte of the name.
  const size_t length = offsetof(sockaddr_un, sun_path) + 1 + name.size();
  std::string owned(name);
  return {std::move(owned), address, static_cast<socklen_t>(length)};
}

}  // namespace uds
