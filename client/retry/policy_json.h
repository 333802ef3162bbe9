// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service config from its JSON (gRPC's service_config.md, gRFC A6).
//
//   absl::StatusOr<ServiceConfig> config = ServiceConfigOf(&json);
//
// Thread safety: a pure function.

#ifndef CLIENT_RETRY_POLICY_JSON_H_
#define CLIENT_RETRY_POLICY_JSON_H_

#include "absl/status/statusor.h"
#include "client/retry/service_config.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

// Without its `json`. Status codes in `json` become the names that gRPC's library takes.
// INVALID_ARGUMENT says which part is wrong and what to write.
absl::StatusOr<ServiceConfig> ServiceConfigOf(nlohmann::ordered_json* json);

}  // namespace udsecho::client

#endif  // CLIENT_RETRY_POLICY_JSON_H_
