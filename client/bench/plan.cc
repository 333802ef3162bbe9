// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace udsecho::client {

Plan PlanFor(const Target& target, const Options& options) {
  return {.target = target,
          .call = options.call,
          .bench = options.bench,
          .shape = "",
          .name = "",
          .method = "",
          .requests = {},
          .retry = nullptr,
          .throttle = nullptr,
          .count = options.count};
}

Outcome PlanRetry(Plan* plan) {
  if (!plan->call.retry.has_value()) return {};
  const auto refuse = [](absl::string_view why) {
    return UsageError(absl::StrCat("--retry: ", why));
  };
  if (plan->streams_requests) {
    return refuse(
        "with --bench, a call that sends a stream is not sent again: use a method that "
        "takes one message");
  }
  const MethodConfig* const config = plan->call.retry->Find(plan->method);
  if (config == nullptr || !config->retry.has_value()) {
    return refuse(absl::StrCat("the service config has no retryPolicy for ", plan->method));
  }
  if (config->retry->attempt_timeout.has_value()) {
    return refuse("perAttemptRecvTimeout: not with --bench");
  }
  if (config->timeout.has_value())
    plan->call.timeout = std::min(plan->call.timeout, *config->timeout);
  plan->retry = std::make_shared<const RetryPolicy>(*config->retry);
  plan->throttle = std::make_shared<Throttle>(plan->call.retry->throttling);
  return {};
}

}  // namespace udsecho::client
