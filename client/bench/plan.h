// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a bench does again and again, made ready once.
//
// Thread safety: a value; const access from several threads is fine.

#ifndef CLIENT_BENCH_PLAN_H_
#define CLIENT_BENCH_PLAN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/exit_code.h"
#include "client/options.h"
#include "client/retry/call_retry.h"
#include "client/retry/service_config.h"
#include "client/target.h"

namespace udsecho::client {

struct Plan {
  Target target;
  CallOptions call;
  BenchOptions bench;

  std::string shape;   // of the method, in a word or two
  std::string name;    // that errors have for it
  std::string method;  // "/udsecho.v1.Echo/Echo"

  bool is_any_method = false;  // of --call: what is known of its replies is what came

  bool streams_requests = false;
  bool streams_replies = false;
  // Of a method that streams both ways: one stream, and what is measured is a request and its one reply.
  // Else a call ends before the next one begins, whatever its shape.
  bool round_trips = false;

  // Messages as encoded, sent in turn. None: of a stream without messages.
  std::vector<std::string> requests;
  int64_t request_size = 0;                     // bytes of a message, on average
  int messages = 1;                             // a call, one way or the other
  absl::Duration delay = absl::ZeroDuration();  // that the server was asked for, before each answer

  // When calls that failed are sent again: null for never. The throttle is shared by all workers.
  std::shared_ptr<const RetryPolicy> retry;
  std::shared_ptr<Throttle> throttle;

  // So many calls in all; unset: until the time is over.
  std::optional<int64_t> count;
};

// Without a method yet.
Plan PlanFor(const Target& target, const Options& options);

// What --retry says of the plan's method. An error if it cannot be sent again.
Outcome PlanRetry(Plan* plan);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_PLAN_H_
