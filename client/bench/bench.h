// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --bench: load, and what is measured of it.
//
//   const Outcome outcome = Bench(target, options, streams, &interrupt);
//
// The summary goes to standard output, the progress line to standard error. Ctrl-C ends it early,
// with what was measured so far, whatever the calls do; exit code 130. Calls that failed are counted by
// their code, and the exit code is that of the most frequent one. Calls that were due at --rate and
// not sent are counted too; if the calls fell behind the rate, and none failed, kExitRateMissed.
// A condition of --fail_if that came true is kExitFailIf, before all of these; if it is about errors or
// the rate, and did not come true, these are well. After Ctrl-C the summary has the verdicts, and the exit
// code stays 130: what was broken off is neither a success nor a failure.
// A server that hangs at the end is DEADLINE_EXCEEDED: see server_is_silent in summary.h.
// A run is no success if no call ended, or if there was no connection at the end: that is UNAVAILABLE, and a
// condition on errors fails, whatever it allows. An outage before the end is told in a note, and
// --fail_if can name it (disconnected>100ms).
//
// Memory does not grow with the duration: see collector.h.
//
// Thread safety: none.

#ifndef CLIENT_BENCH_BENCH_H_
#define CLIENT_BENCH_BENCH_H_

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/streams.h"
#include "client/target.h"

namespace udsecho::client {

Outcome Bench(const Target& target, const Options& options, const Streams& streams,
              Interrupt* interrupt);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_BENCH_H_
