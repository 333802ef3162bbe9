// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/retry/policy_json.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/exit_code.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using Json = nlohmann::ordered_json;

absl::Status Bad(absl::string_view part, absl::string_view must) {
  return absl::InvalidArgumentError(absl::StrCat(part, " must be ", must));
}

// What is misspelt would else count for nothing, without a word.
absl::Status CheckKeys(const Json& object, absl::string_view what,
                       std::initializer_list<absl::string_view> known) {
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat("a ", what, " has no '", uds::Printable(key),
                                                   "': it has ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

// A google.protobuf.Duration in JSON: "0.1s", and not "100ms".
std::optional<absl::Duration> DurationOf(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  const auto& text = json.get_ref<const std::string&>();
  if (text.find_first_not_of("0123456789.") != text.size() - 1) return std::nullopt;
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration)) return std::nullopt;
  return duration > absl::ZeroDuration() ? std::make_optional(duration) : std::nullopt;
}

absl::Status TakeDuration(const Json& object, const char* key, absl::Duration* into) {
  const std::optional<absl::Duration> duration =
      object.contains(key) ? DurationOf(object[key]) : std::nullopt;
  if (!duration.has_value()) return Bad(key, "a time in seconds above zero, such as \"0.1s\"");
  *into = *duration;
  return absl::OkStatus();
}

absl::Status TakeOptionalDuration(const Json& object, const char* key,
                                  std::optional<absl::Duration>* into) {
  return object.contains(key) ? TakeDuration(object, key, &into->emplace()) : absl::OkStatus();
}

absl::Status TakeAttempts(const Json& policy, int* into) {
  constexpr const char* kKey = "maxAttempts";
  const Json& attempts = policy.contains(kKey) ? policy[kKey] : Json();
  if (!attempts.is_number_integer() || attempts.get<int64_t>() < 2) {
    return Bad(kKey, "a whole number from 2 to 5, such as 4: it counts the first attempt");
  }
  *into = static_cast<int>(std::min<int64_t>(attempts.get<int64_t>(), kMostAttempts));
  return absl::OkStatus();
}

absl::Status TakeMultiplier(const Json& policy, double* into) {
  constexpr const char* kKey = "backoffMultiplier";
  const Json& multiplier = policy.contains(kKey) ? policy[kKey] : Json();
  if (!multiplier.is_number() || multiplier.get<double>() <= 0) {
    return Bad(kKey, "a number above zero, such as 2");
  }
  *into = multiplier.get<double>();
  return absl::OkStatus();
}

// By name or by number; 0 for none.
int CodeOf(const Json& json) {
  return json.is_string()           ? FindCode(json.get_ref<const std::string&>())
         : json.is_number_integer() ? FindCode(json.dump())
                                    : 0;
}

absl::Status TakeCodes(Json* policy, RetryPolicy* into) {
  constexpr const char* kKey = "retryableStatusCodes";
  const bool has_some = policy->contains(kKey) && (*policy)[kKey].is_array();
  if (!has_some || (*policy)[kKey].empty()) {
    // Then every attempt that takes too long is repeated, and none that fails.
    if (into->attempt_timeout.has_value() && !policy->contains(kKey)) return absl::OkStatus();
    return Bad(kKey, "a list of codes, such as [\"UNAVAILABLE\"]");
  }
  for (Json& code : (*policy)[kKey]) {
    const int number = CodeOf(code);
    if (number == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("retryableStatusCodes: ", uds::Printable(code.dump()),
                       " is no code to retry: write a name, such as UNAVAILABLE, or 1 to 16"));
    }
    into->codes.set(number);
    code = CodeName(static_cast<grpc::StatusCode>(number));
  }
  return absl::OkStatus();
}

absl::Status TakePolicy(Json* json, RetryPolicy* into) {
  if (!json->is_object()) return Bad("retryPolicy", "an object with maxAttempts and more");
  absl::Status status =
      CheckKeys(*json, "retryPolicy",
                {"maxAttempts", "initialBackoff", "maxBackoff", "backoffMultiplier",
                 "retryableStatusCodes", "perAttemptRecvTimeout"});
  status.Update(TakeAttempts(*json, &into->max_attempts));
  status.Update(TakeDuration(*json, "initialBackoff", &into->initial_backoff));
  status.Update(TakeDuration(*json, "maxBackoff", &into->max_backoff));
  status.Update(TakeMultiplier(*json, &into->multiplier));
  status.Update(TakeOptionalDuration(*json, "perAttemptRecvTimeout", &into->attempt_timeout));
  status.Update(TakeCodes(json, into));
  return status;
}

absl::Status TakeNames(const Json& config, std::vector<MethodConfig::Name>* into) {
  const bool has_some = config.contains("name") && config["name"].is_array();
  if (!has_some || config["name"].empty()) {
    return Bad("methodConfig: name", "a list, such as [{}] for all methods");
  }
  for (const Json& name : config["name"]) {
    const auto part = [&](const char* key) {
      const bool is_text = name.is_object() && name.contains(key) && name[key].is_string();
      return is_text ? name[key].get<std::string>() : std::string();
    };
    into->push_back({part("service"), part("method")});
  }
  return absl::OkStatus();
}

absl::Status TakeMethod(Json* json, MethodConfig* into) {
  if (!json->is_object()) return Bad("methodConfig", "a list of objects");
  if (json->contains("hedgingPolicy")) {
    return absl::InvalidArgumentError(
        "this client does not send calls in parallel (hedgingPolicy): write a retryPolicy");
  }
  absl::Status status = TakeNames(*json, &into->names);
  status.Update(TakeOptionalDuration(*json, "timeout", &into->timeout));
  if (const auto waits = json->find("waitForReady"); waits != json->end()) {
    if (!waits->is_boolean()) status.Update(Bad("waitForReady", "true or false"));
    into->waits_for_ready = *waits == true;
  }
  if (json->contains("retryPolicy")) {
    status.Update(TakePolicy(&(*json)["retryPolicy"], &into->retry.emplace()));
  }
  return status;
}

// A6 has the ratio in thousandths, as does the throttle.
absl::Status TakeThrottling(const Json& json, std::optional<RetryThrottling>* into) {
  const auto number = [&](const char* key) {
    const bool is_number = json.is_object() && json.contains(key) && json[key].is_number();
    return is_number ? json[key].get<double>() : 0.0;
  };
  const RetryThrottling throttling = {number("maxTokens"), number("tokenRatio")};
  if (throttling.max_tokens <= 0 || throttling.max_tokens > 1000) {
    return Bad("retryThrottling: maxTokens", "a number above 0, and 1000 at most, such as 10");
  }
  if (throttling.token_ratio <= 0) {
    return Bad("retryThrottling: tokenRatio", "a number above zero, such as 0.1");
  }
  *into = throttling;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServiceConfig> ServiceConfigOf(Json* json) {
  ServiceConfig config;
  const auto methods = json->find("methodConfig");
  if (methods == json->end() || !methods->is_array()) {
    return Bad("methodConfig", "a list, one element of which has a retryPolicy");
  }
  for (Json& method : *methods) {
    absl::Status status = TakeMethod(&method, &config.methods.emplace_back());
    if (!status.ok()) return status;
  }
  if (const auto throttling = json->find("retryThrottling"); throttling != json->end()) {
    absl::Status status = TakeThrottling(*throttling, &config.throttling);
    if (!status.ok()) return status;
  }
  const bool retries =
      std::any_of(config.methods.begin(), config.methods.end(),
                  [](const MethodConfig& method) { return method.retry.has_value(); });
  if (!retries) {
    return absl::InvalidArgumentError(
        "no methodConfig has a retryPolicy: nothing would be retried");
  }
  return config;
}

}  // namespace udsecho::client
