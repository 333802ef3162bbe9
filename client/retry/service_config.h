// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --retry: when a call that failed is sent again, as gRPC's service config says it (gRFC A6).
//
//   absl::StatusOr<ServiceConfig> config = ParseRetry("4");
//   absl::StatusOr<ServiceConfig> config = ParseRetry(R"({"maxAttempts": 4, ...})");
//   const MethodConfig* method = config->Find("/udsecho.v1.Echo/Echo");
//
// Thread safety: values and pure functions.

#ifndef CLIENT_RETRY_SERVICE_CONFIG_H_
#define CLIENT_RETRY_SERVICE_CONFIG_H_

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace udsecho::client {

// gRPC makes no more attempts than this, whatever a service config says (A6, "Limits on Retries").
inline constexpr int kMostAttempts = 5;

struct RetryPolicy {
  int max_attempts = 0;  // the first one included: 2 to kMostAttempts
  absl::Duration initial_backoff;
  absl::Duration max_backoff;
  double multiplier = 1;
  std::bitset<17> codes;  // that are worth another attempt, by gRPC's numbers
  // How long an attempt may wait for the response's headers; unset: as long as the call.
  std::optional<absl::Duration> attempt_timeout = std::nullopt;
};

struct RetryThrottling {
  double max_tokens = 0;
  double token_ratio = 0;
};

// An element of "methodConfig".
struct MethodConfig {
  // An empty method stands for all methods of the service, an empty service for all services.
  struct Name {
    std::string service;
    std::string method;
  };
  std::vector<Name> names;
  bool waits_for_ready = false;  // a call waits for a connection, until its deadline
  std::optional<absl::Duration> timeout;
  std::optional<RetryPolicy> retry;
};

struct ServiceConfig {
  std::string json;  // the same for gRPC
  std::vector<MethodConfig> methods;
  std::optional<RetryThrottling> throttling;

  // What holds for a method, as in "/udsecho.v1.Echo/Echo": its own, its service's or the general
  // one. Null if there is none.
  const MethodConfig* Find(absl::string_view path) const;

  // For any method.
  bool waits_for_ready() const;
  bool has_attempt_timeout() const;
};

// A number of attempts, which stands for gRPC's usual figures and calls that wait for a connection;
// or what ParseRetryJson() takes. INVALID_ARGUMENT names --retry and says what to write.
absl::StatusOr<ServiceConfig> ParseRetry(absl::string_view text);

// A retryPolicy, or a whole service config with one. The errors neither name a flag nor a file.
absl::StatusOr<ServiceConfig> ParseRetryJson(absl::string_view text);

}  // namespace udsecho::client

#endif  // CLIENT_RETRY_SERVICE_CONFIG_H_
