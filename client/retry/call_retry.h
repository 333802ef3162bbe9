// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether and when a call that failed is sent again, by gRPC's retry policy (gRFC A6). Time and chance are
// given: nothing here looks at a clock or waits.
//
//   Throttle throttle(config.throttling);      // for all calls of a server
//   CallRetry retry(&policy, &throttle);       // for each call
//   if (std::optional<absl::Duration> wait = retry.Next(end, random)) ...send it again after that
//
// For --bench. Other calls are sent by gRPC's channel, which does the same.
//
// Thread safety: Throttle's methods, from any thread; CallRetry: none. Ownership: borrows the policy and
// the throttle.

#ifndef CLIENT_RETRY_CALL_RETRY_H_
#define CLIENT_RETRY_CALL_RETRY_H_

#include <cstdint>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/retry/service_config.h"

namespace udsecho::client {

// A6, "Throttling Retry Attempts": a server that fails too many calls is not asked twice.
class Throttle {
 public:
  // Without figures it lets all pass.
  explicit Throttle(const std::optional<RetryThrottling>& figures)
      : figures_(figures), tokens_(figures.has_value() ? figures->max_tokens : 0) {}

  // A call failed in a way that a retry is for. False if it may not be sent again.
  bool Failed();
  void Succeeded();

 private:
  const std::optional<RetryThrottling> figures_;
  std::mutex mutex_;
  double tokens_;  // guarded by mutex_
};

// How an attempt ended.
struct AttemptEnd {
  absl::StatusCode code = absl::StatusCode::kOk;
  bool committed = false;  // the response's headers have come
  bool unseen =
      false;  // the server says that it has not looked at the call (REFUSED_STREAM, GOAWAY)
  std::optional<int64_t> pushback_ms = std::nullopt;  // negative: do not send it again
};

// The value of grpc-retry-pushback-ms: what is no number means "do not".
int64_t PushbackOf(absl::string_view value);

class CallRetry {
 public:
  // A call without a policy is sent once.
  CallRetry(const RetryPolicy* policy, Throttle* throttle) : policy_(policy), throttle_(throttle) {}

  // The next call.
  void Restart() {
    failed_ = backoffs_ = 0;
    was_unseen_ = false;
  }

  // Once an attempt has ended: how long to wait until the next one. Nothing: the call ends as the attempt
  // did. `random` is from 0, and below 1.
  std::optional<absl::Duration> Next(const AttemptEnd& end, double random);

  // That ended before this one: what grpc-previous-rpc-attempts says.
  int previous_attempts() const { return failed_; }

 private:
  absl::Duration Backoff(double random);

  const RetryPolicy* policy_;
  Throttle* throttle_;
  int failed_ = 0;
  int backoffs_ = 0;         // since the call began, or since the server last said how long to wait
  bool was_unseen_ = false;  // an attempt that the server did not look at was repeated for nothing
};

}  // namespace udsecho::client

#endif  // CLIENT_RETRY_CALL_RETRY_H_
