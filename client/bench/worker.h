// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One thread of a bench: its connections, its completion queue and its calls in flight.
//
//   Worker worker(plan, {.connections = 1, .concurrency = 64}, &collector);
//   absl::Status status = worker.Connect();
//   std::thread thread([&] { worker.Run(); });
//   ...
//   worker.Stop();
//
// Closed loop: each call that ends begins the next. Open loop (a rate): calls begin when they are
// due, and are timed from then, also those that had to wait for one of the `concurrency` places.
// A connection that is lost is made anew ten times a second, and its calls wait.
//
// Thread safety: Stop() and the getters from any thread; all else as shown.

#ifndef CLIENT_BENCH_WORKER_H_
#define CLIENT_BENCH_WORKER_H_

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "client/bench/channels.h"
#include "client/bench/collector.h"
#include "client/bench/exchange.h"
#include "client/bench/plan.h"
#include "grpc/grpc.h"

namespace udsecho::client {

struct WorkerShare {
  int connections = 1;
  int concurrency = 1;
  double rate = 0;               // calls a second; 0: closed loop
  std::optional<int64_t> count;  // calls in all
};

class Worker {
 public:
  using Clock = Exchange::Clock;

  Worker(const Plan& plan, const WorkerShare& share, Collector* collector);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before Run(): why there is no connection.
  absl::Status Connect() { return channels_.Connect(); }

  // Until Stop(), or the count is reached; then what is in flight has kDrain to end.
  void Run();
  void Stop() { stop_ = true; }
  bool done() const { return done_; }

  // Begin of what counts: from here on the thread's time is that of the measurement.
  void BeginToCount() { counting_ = true; }

  // The share of the counted time that the thread ran, or wanted to and had no core. Once done().
  double busy() const { return busy_; }

  // When the last of its calls ended. Once done().
  Clock::time_point ended() const { return ended_; }

 private:
  static constexpr std::chrono::milliseconds kTick{100};
  static constexpr std::chrono::seconds kDrain{1};
  static constexpr int kMostAtOnce = 256;

  bool MayBegin() const;
  Clock::time_point Due() const;
  Clock::time_point NextDue() const;
  void BeginDue();
  void Next(Clock::time_point until);
  void HandleEvent(Exchange* exchange);
  void Tick();
  void Publish();
  void Drain();

  const Plan& plan_;
  const WorkerShare share_;
  Collector& collector_;
  grpc_completion_queue* const queue_;
  Channels channels_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Exchange*> idle_;  // the last is the next to begin

  Interval interval_;
  Clock::time_point now_;
  Clock::time_point next_tick_;
  Clock::time_point start_;
  int64_t begun_ = 0;
  int in_flight_ = 0;

  std::atomic<bool> stop_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<bool> counting_ = false;
  double busy_ = 0;
  Clock::time_point ended_;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_WORKER_H_
