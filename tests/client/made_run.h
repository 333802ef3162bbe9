// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Results of benches that nobody ran, the same each time.
//
//   const Result result = MadeRun({.latency = absl::Microseconds(200), .errors_a_point = 3});
//   const Record record = RecordOfRun(result);
//
// Thread safety: pure functions.

#ifndef TESTS_CLIENT_MADE_RUN_H_
#define TESTS_CLIENT_MADE_RUN_H_

#include <string>
#include <vector>

#include "client/bench/result.h"
#include "client/report/record.h"

namespace udsecho::client {

struct RunOptions {
  int points = 50;
  absl::Duration point = absl::Milliseconds(100);  // 400 points at most may be longer
  int calls_a_point = 1000;
  absl::Duration latency = absl::Microseconds(200);  // the fastest; the others take a little more
  double wave = 0.1;                                 // how much the points differ from each other
  std::vector<int> codes = {};                       // of errors, from the middle of the run on
  int errors_a_point = 40;                           // of each code
  std::string error = "the backend is busy";
  double rate = 0;
  double rate_from = 0;  // of a ramp, if it has a time
  absl::Duration ramp = absl::ZeroDuration();
  std::string address = "unix:/tmp/sock1";
};

Result MadeRun(const RunOptions& options);

Record RecordOfRun(const Result& result);

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_MADE_RUN_H_
