// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/retry/service_config.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/retry/policy_json.h"
#include "grpcpp/support/validate_service_config.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {
namespace {

using Json = nlohmann::ordered_json;

// Those of gRPC's documentation (grpc.io, "Retry"), and of A6's example.
Json UsualPolicy(int64_t attempts) {
  return {{"maxAttempts", attempts},
          {"initialBackoff", "0.1s"},
          {"maxBackoff", "1s"},
          {"backoffMultiplier", 2},
          {"retryableStatusCodes", {"UNAVAILABLE"}}};
}

Json ConfigForAll(Json policy) {
  return {{"methodConfig",
           {{{"name", Json::array({Json::object()})}, {"retryPolicy", std::move(policy)}}}}};
}

// The last look is gRPC's own: what it does not take would end the program's channel.
absl::StatusOr<ServiceConfig> Finish(Json json) {
  absl::StatusOr<ServiceConfig> config = ServiceConfigOf(&json);
  if (!config.ok()) return config;
  config->json = json.dump();
  const std::string error = grpc::experimental::ValidateServiceConfigJSON(config->json);
  if (!error.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("gRPC does not take it: ", error));
  }
  return config;
}

}  // namespace

const MethodConfig* ServiceConfig::Find(absl::string_view path) const {
  if (!path.empty() && path[0] == '/') path.remove_prefix(1);
  const size_t slash = path.find('/');
  const absl::string_view service = path.substr(0, slash);
  const absl::string_view method =
      slash == absl::string_view::npos ? absl::string_view() : path.substr(slash + 1);
  const std::pair<absl::string_view, absl::string_view> wanted[] = {
      {service, method}, {service, ""}, {"", ""}};
  for (const auto& [of_service, of_method] : wanted) {
    for (const MethodConfig& config : methods) {
      for (const MethodConfig::Name& name : config.names) {
        if (name.service == of_service && name.method == of_method) return &config;
      }
    }
  }
  return nullptr;
}

bool ServiceConfig::waits_for_ready() const {
  return std::any_of(methods.begin(), methods.end(),
                     [](const MethodConfig& method) { return method.waits_for_ready; });
}

bool ServiceConfig::has_attempt_timeout() const {
  return std::any_of(methods.begin(), methods.end(), [](const MethodConfig& method) {
    return method.retry.has_value() && method.retry->attempt_timeout.has_value();
  });
}

absl::StatusOr<ServiceConfig> ParseRetry(absl::string_view text) {
  const absl::string_view word = absl::StripAsciiWhitespace(text);
  if (!word.empty() && word[0] == '{') {
    absl::StatusOr<ServiceConfig> config = ParseRetryJson(word);
    if (config.ok()) return config;
    return absl::InvalidArgumentError(absl::StrCat("--retry: ", config.status().message()));
  }
  int64_t attempts = 0;
  if (!absl::SimpleAtoi(word, &attempts)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--retry: '", text,
        "' is no retry policy: write a number of attempts, such as 4, the JSON of a retryPolicy or "
        "of a service config, or @FILE"));
  }
  if (attempts < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("--retry: '", text, "' leaves no second attempt: write a number from 2 to ",
                     kMostAttempts, ", which counts the first attempt"));
  }
  Json config = ConfigForAll(UsualPolicy(attempts));
  config["methodConfig"][0]["waitForReady"] = true;
  return Finish(std::move(config));
}

absl::StatusOr<ServiceConfig> ParseRetryJson(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) {
    return absl::InvalidArgumentError(
        "this is no JSON object: write a retryPolicy, such as {\"maxAttempts\": 4, "
        "\"initialBackoff\": \"0.1s\", \"maxBackoff\": \"1s\", \"backoffMultiplier\": 2, "
        "\"retryableStatusCodes\": [\"UNAVAILABLE\"]}");
  }
  const bool is_config = json.contains("methodConfig") || json.contains("retryThrottling") ||
                         json.contains("loadBalancingConfig");
  return Finish(is_config ? std::move(json) : ConfigForAll(std::move(json)));
}

}  // namespace udsecho::client
