// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a bench does again and again, made ready once.
//
// Thread safety: a value; const access from several threads is fine.

#ifndef CLIENT_BENCH_PLAN_H_
#define CLIENT_BENCH_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/options.h"
#include "client/requests.h"
#include "client/target.h"

namespace udsecho::client {

struct Plan {
  Target target;
  CallOptions call;
  BenchOptions bench;

  Shape shape = Shape::kUnary;
  std::string method;  // "/udsecho.v1.Echo/Echo"
  // Messages as encoded, sent in turn: one at least.
  std::vector<std::string> requests;
  int64_t request_size = 0;                     // of a message's text and payload
  int messages = 1;                             // a call, one way or the other
  absl::Duration delay = absl::ZeroDuration();  // that the server was asked for, before each answer

  // So many calls in all; unset: until the time is over.
  std::optional<int64_t> count;
};

Plan MakePlan(const Target& target, const Options& options, const Requests& requests);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_PLAN_H_
