// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "claims.h"

#include <openssl/rand.h>

#include <array>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace tokens {

using nlohmann::json;

std::string ToJson(const Claims& claims) {
  const json object = {{"aud", claims.audience},
                       {"exp", absl::ToUnixSeconds(claims.expires)},
                       {"iat", absl::ToUnixSeconds(claims.issued)},
                       {"jti", claims.id},
                       {"sub", absl::StrCat(claims.uid)}};
  // Without `replace`, bytes that are not UTF-8 would throw.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Claims> ParseClaims(const std::string& text) {
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  for (const char* name : {"aud", "jti", "sub"}) {
    if (!object.contains(name) || !object[name].is_string()) return std::nullopt;
  }
  for (const char* name : {"iat", "exp"}) {
    if (!object.contains(name) || !object[name].is_number_integer()) return std::nullopt;
  }
  Claims claims = {.id = object["jti"],
                   .audience = object["aud"],
                   .issued = absl::FromUnixSeconds(object["iat"].get<std::int64_t>()),
                   .expires = absl::FromUnixSeconds(object["exp"].get<std::int64_t>())};
  if (!absl::SimpleAtoi(object["sub"].get<std::string>(), &claims.uid)) return std::nullopt;
  return claims;
}

absl::StatusOr<std::string> RandomId() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) {
    return absl::InternalError("OpenSSL has no random bytes; look at the agent's sandbox");
  }
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace tokens
