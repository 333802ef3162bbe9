// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a bench ends: see bench.h.
//
// Thread safety: a pure function.

#ifndef CLIENT_BENCH_OUTCOME_H_
#define CLIENT_BENCH_OUTCOME_H_

#include "client/bench/result.h"
#include "client/exit_code.h"

namespace udsecho::client {

// A run without a call that ended, or without a connection at its end, is no success. Of errors, or of the rate, --fail_if alone judges where it names them.
Outcome OutcomeOf(const Result& result);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_OUTCOME_H_
