// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a token says, and its form in JSON (RFC 7519, section 4).
//
//   const std::string text = tokens::ToJson(claims);
//   const std::optional<tokens::Claims> same = tokens::ParseClaims(text);
//
// Thread safety: free functions without state.

#ifndef TOKENS_CLAIMS_H_
#define TOKENS_CLAIMS_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tokens {

struct Claims {
  std::string id;  // jti
  std::string audience;
  uid_t uid = static_cast<uid_t>(-1);  // sub, as a text
  absl::Time issued;                   // in whole seconds, as JWT has them
  absl::Time expires;
};

std::string ToJson(const Claims& claims);

// Nullopt if a claim is missing or has another type. Any bytes will do.
std::optional<Claims> ParseClaims(const std::string& text);

// 128 random bits as a text, for Claims::id. INTERNAL if the system has none to give.
absl::StatusOr<std::string> RandomId();

}  // namespace tokens

#endif  // TOKENS_CLAIMS_H_
