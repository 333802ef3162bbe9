// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The load of a plan on its server, from the first connection to the last call, and what it found out.
//
//   Load load(plan, STDERR_FILENO, &interrupt);
//   absl::Status status = load.Connect();
//   const Result result = load.Measure();
//
// The progress line goes to `err`, if that is a terminal.
//
// Thread safety: none. Ownership: borrows the plan and the interrupt, and owns its threads.

#ifndef CLIENT_BENCH_LOAD_H_
#define CLIENT_BENCH_LOAD_H_

#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/bench/collector.h"
#include "client/bench/plan.h"
#include "client/bench/progress_line.h"
#include "client/bench/result.h"
#include "client/bench/worker.h"
#include "client/interrupt.h"
#include "client/monotonic.h"

namespace udsecho::client {

class Load {
 public:
  Load(const Plan& plan, int err, Interrupt* interrupt);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  absl::Status Connect();
  // What is in flight then ends, or is cancelled, after that: in the destructor.
  Result Measure();

 private:
  void MakeWorkers();
  // Returns the begin of what counts.
  MonotonicTime WarmUp(absl::Duration warmup);
  void StopAt(MonotonicTime end);
  void Gather(MonotonicTime end, Result* result);
  // Until `end`, or all is done, or Ctrl-C.
  void Watch(MonotonicTime end, bool warming_up);
  void Show(bool warming_up, absl::Duration passed);
  bool Done() const;

  const Plan& plan_;
  ProgressLine line_;
  Interrupt& interrupt_;
  Collector collector_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
  int concurrency_ = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_LOAD_H_
