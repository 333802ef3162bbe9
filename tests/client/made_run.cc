// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/client/made_run.h"

#include <cmath>

#include "client/bench/summary.h"

namespace udsecho::client {
namespace {

// Some calls in a hundred take twice as long, and some in a thousand ten times.
absl::Duration LatencyOf(int call, absl::Duration least) {
  const double more = 1 + 0.3 * ((call * 37) % 100) / 100.0;
  return least * (call % 1000 == 7 ? 10 : call % 100 == 3 ? 2 : 1) * more;
}

}  // namespace

Result MadeRun(const RunOptions& options) {
  Result result;
  result.command_line = "client /tmp/sock1 --bench --report=report.html";
  result.address = options.address;
  result.method = "/udsecho.v1.Echo/Echo";
  result.shape = result.name = "unary";
  result.size = 64;
  result.concurrency = 8;
  result.connections = 1;
  result.threads = 1;
  result.rate = options.rate;
  result.rate_from = options.rate_from;
  result.ramp = options.ramp;
  result.began = absl::FromUnixSeconds(1'800'000'000);
  result.warmup = absl::Seconds(1);
  result.duration = options.points * options.point;
  result.cpu = result.duration / 2;
  result.surroundings = {.cores = 4,
                         .cpu = "Some CPU @ 2.0 GHz",
                         .kernel = "Linux 6.1.0 x86_64",
                         .client = "0.1.0",
                         .grpc = "1.51.1"};
  for (int i = 0; i < options.points; ++i) {
    const double wave = 1 + options.wave * std::sin(i);
    CodeCounts ended = {};
    Histogram latency;
    ended[0] = static_cast<int64_t>(options.calls_a_point * wave);
    for (int call = 0; call < ended[0]; ++call) {
      latency.Add(LatencyOf(call, options.latency / wave));
    }
    for (const int code : options.codes) {
      if (i >= options.points / 2) ended[code] = options.errors_a_point + code;
    }
    for (int code = 0; code < kCodes; ++code) result.measured.ended[code] += ended[code];
    result.measured.latency.Add(latency);
    result.measured.time_line.Add(i * options.point, (i + 1) * options.point, ended, latency);
  }
  for (const int code : options.codes) result.measured.first_errors[code] = options.error;
  result.measured.time_line.EndAt(result.duration);
  Judge(&result);
  return result;
}

Record RecordOfRun(const Result& result) {
  return RecordOf(SummaryJson(result), "a run of this test").value();
}

}  // namespace udsecho::client
