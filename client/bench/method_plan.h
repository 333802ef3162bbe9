// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A plan for any method (--call): its shape is what the server's reflection or --protoset says, and its
// requests are those of --data, or else one with nothing in it.
//
//   Plan plan = PlanFor(target, options);
//   Outcome planned = PlanMethod(options, STDIN_FILENO, &interrupt, &plan);
//
// Requests are sent in turn. A call that streams requests sends --stream_length of them, or else all,
// and ends when the server has answered, whatever number of replies that takes.
//
// All requests are held, encoded, by each thread that sends: read_file.h bounds their bytes, and kMostRequests
// their number.

#ifndef CLIENT_BENCH_METHOD_PLAN_H_
#define CLIENT_BENCH_METHOD_PLAN_H_

#include <cstddef>

#include "client/bench/plan.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"

namespace udsecho::client {

inline constexpr size_t kMostRequests = 1'000'000;

// `in`: what "-" stands for. Asks the server that the plan is for, unless --protoset tells.
Outcome PlanMethod(const Options& options, int in, Interrupt* interrupt, Plan* plan);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_METHOD_PLAN_H_
