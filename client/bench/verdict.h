// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What came of the conditions of --fail_if.
//
//   for (const Verdict& verdict : Verdicts(thresholds, result)) ...
//
// A condition on the latency fails if no call succeeded: there is nothing that it could hold for. One on
// errors fails too if no call ended, or if there was no connection at the end, however few errors it
// allows: calls that could not be made are not among the errors. "worse" fails too if the runs cannot be
// compared.
// A run that Ctrl-C ended is judged by what was measured until then; one that it ended in the warm-up
// has no verdicts.
//
// Thread safety: pure functions.

#ifndef CLIENT_BENCH_VERDICT_H_
#define CLIENT_BENCH_VERDICT_H_

#include <optional>
#include <string>
#include <vector>

#include "client/bench/result.h"
#include "client/threshold.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

struct Verdict {
  std::string condition;
  bool failed = false;
  std::optional<double> value;  // in `unit`; of "missed": by how much
  const char* unit = "";        // "us", "calls", "%", "calls/s", "s" or ""
  std::string text;             // the value for people: "5.213 ms"
};

std::vector<Verdict> Verdicts(const Result& result);

// "p99>5ms: it was 5.213 ms; errors>0: ..." of those that failed; empty if none did.
std::string FailedText(const std::vector<Verdict>& verdicts);

nlohmann::ordered_json VerdictsJson(const std::vector<Verdict>& verdicts);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_VERDICT_H_
