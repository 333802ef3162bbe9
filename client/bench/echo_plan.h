// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A plan for the methods of udsecho.v1.Echo, by --shape and what else says what to send.

#ifndef CLIENT_BENCH_ECHO_PLAN_H_
#define CLIENT_BENCH_ECHO_PLAN_H_

#include "client/bench/plan.h"
#include "client/exit_code.h"
#include "client/options.h"

namespace udsecho::client {

// `in`: what "-" stands for.
Outcome PlanEcho(const Options& options, int in, Plan* plan);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_ECHO_PLAN_H_
