// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/retry/call_retry.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"

namespace udsecho::client {

bool Throttle::Failed() {
  if (!figures_.has_value()) return true;
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_ = std::max(tokens_ - 1, 0.0);
  return tokens_ > figures_->max_tokens / 2;
}

void Throttle::Succeeded() {
  if (!figures_.has_value()) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  tokens_ = std::min(tokens_ + figures_->token_ratio, figures_->max_tokens);
}

int64_t PushbackOf(absl::string_view value) {
  int32_t pushback = 0;
  return absl::SimpleAtoi(value, &pushback) ? pushback : -1;
}

std::optional<absl::Duration> CallRetry::Next(const AttemptEnd& end, double random) {
  if (policy_ == nullptr) return std::nullopt;
  if (end.code == absl::StatusCode::kOk) {
    throttle_->Succeeded();
    return std::nullopt;
  }
  // A6, "Transparent Retries": at once, and once, whatever the policy says.
  if (end.unseen && !end.committed && !was_unseen_) {
    was_unseen_ = true;
    return absl::ZeroDuration();
  }
  const bool says_no = end.pushback_ms.has_value() && *end.pushback_ms < 0;
  const bool is_retryable = policy_->codes.test(static_cast<size_t>(end.code));
  if (!is_retryable && !says_no) return std::nullopt;
  if (!throttle_->Failed() || says_no || end.committed) return std::nullopt;
  if (++failed_ >= policy_->max_attempts) return std::nullopt;
  if (!end.pushback_ms.has_value()) return Backoff(random);
  backoffs_ = 0;
  return absl::Milliseconds(*end.pushback_ms);
}

absl::Duration CallRetry::Backoff(double random) {
  const double growth = std::pow(policy_->multiplier, backoffs_++);
  return random * std::min(policy_->initial_backoff * growth, policy_->max_backoff);
}

}  // namespace udsecho::client
