// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One thread of a bench: its connections, and its calls in flight.
//
//   Worker worker(plan, {.connections = 1, .concurrency = 64}, &collector);
//   absl::Status status = worker.Connect();
//   std::thread thread([&] { worker.Run(); });
//   ...
//   worker.Stop(Clock::now(), Worker::InFlight::kMayEnd);
//   worker.AwaitEnd();
//   Use(worker.ending());
//
// Closed loop: each call that ends begins the next. Open loop (a rate): calls begin when they are
// due, and are timed from then, also those that had to wait for one of the `concurrency` places.
// The clock is read once for all that one read from a socket brings, right after it: no answer is
// timed before it was there. Calls that begin because of it count from then, so that what the client
// itself takes to handle it is in their time.
// How many calls a thread makes: docs/performance.md, "The load of client --bench".
// A connection that is lost is made anew at once, then ten times a second, and its calls wait. If a count
// is to be reached, and no connection comes back within the timeout, the worker gives up. The time in which
// none of its connections took a call is measured.
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
#include "absl/time/time.h"
#include "client/bench/collector.h"
#include "client/bench/connections.h"
#include "client/bench/exchange.h"
#include "client/bench/plan.h"
#include "client/bench/request_bytes.h"
#include "client/bench/retries.h"
#include "client/bench/schedule.h"
#include "client/bench/thread_time.h"

namespace udsecho::client {

// How things stood when a worker ended.
struct WorkerEnding {
  // The share of the counted time that the thread had work: it ran, or wanted to and had no core.
  double busy = 0;

  std::chrono::steady_clock::time_point at;  // when the last of its calls ended
  int in_flight = 0;                         // calls without an answer

  // When something last came of a call, and when the oldest of those in flight was sent.
  std::chrono::steady_clock::time_point heard;
  std::chrono::steady_clock::time_point oldest = std::chrono::steady_clock::time_point::max();

  // Of the counted time: calls that were due, and how many of them had not begun. Closed loop: none,
  // unless it gave up.
  int64_t due = 0;
  int64_t not_sent = 0;
  absl::Duration behind;  // how late the next call was, or with a count the last one

  Late late = Late::kClient;  // why calls wait, if they do

  // Of the counted time: without a connection that took calls, in all and at the end. At the end it is
  // zero if all calls were made, or if a last attempt to connect succeeded.
  absl::Duration disconnected;
  absl::Duration disconnected_for;
};

struct WorkerShare {
  int connections = 1;
  int concurrency = 1;
  std::optional<Schedule> schedule;  // unset: closed loop
  std::optional<int64_t> count;      // calls in all
};

class Worker {
 public:
  using Clock = Exchange::Clock;

  Worker(const Plan& plan, const WorkerShare& share, Collector* collector);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before Run(): why there is no connection.
  absl::Status Connect() { return connections_.Connect(); }

  enum class InFlight { kMayEnd, kIsCancelled };

  // Until Stop(), or the count is reached; then what is in flight has kDrain to end.
  void Run();

  // `at`: the end of what counts, now or a little earlier.
  void Stop(Clock::time_point at, InFlight in_flight);

  // Whether it has ended, but for what is in flight. Await it only if Run() was called.
  bool ended() const { return ended_; }
  void AwaitEnd() const { ended_.wait(false); }

  // Once it has ended.
  const WorkerEnding& ending() const { return ending_; }

  // `at`: the begin of what counts. From here on the thread's time is that of the measurement.
  void BeginToCount(Clock::time_point at) {
    count_at_ = at;
    counting_ = true;
  }

 private:
  static constexpr std::chrono::milliseconds kTick{100};
  static constexpr std::chrono::seconds kDrain{1};

  bool MayBegin() const;
  Clock::time_point Due() const;
  int64_t DueBy(Clock::time_point time) const;
  Clock::time_point NextDue() const;
  void BeginDue();
  void Next(Clock::time_point until);
  void CountFinished();
  void BeginAgain();
  void Count(const Exchange& exchange);
  void Tick();
  void NoticeLoss();
  void Repair();
  void EndLoss(Clock::time_point end, WorkerEnding* ending);
  void Publish();
  void CountFrom();
  bool GivesUp();
  void LookOnce();
  void Settle();
  WorkerEnding Ending();
  void Drain();

  const Plan& plan_;
  const WorkerShare share_;
  Collector& collector_;
  RequestBytes requests_;
  Connections connections_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Exchange*> finished_;  // to be counted
  std::vector<Exchange*> idle_;      // the last is the next to begin
  std::vector<Exchange*> parked_;    // whose call is due, and whose connection is lost
  Retries retries_;                  // whose call is in flight, and waits to be sent again

  Interval interval_;
  Clock::time_point now_;
  Clock::time_point next_tick_;
  Clock::time_point start_;
  Clock::time_point connected_;               // when it last was
  Clock::time_point repaired_;                // when it last tried to connect
  std::optional<Clock::time_point> lost_at_;  // since then no connection takes a call
  std::chrono::nanoseconds disconnected_{0};  // of the counted time, before that
  int64_t begun_ = 0;
  int in_flight_ = 0;
  Late late_ = Late::kClient;  // why the next call does not begin, if it is due
  absl::Duration lateness_;    // of the last call that began
  Clock::time_point heard_;    // when something last came of a call
  int64_t due_before_ = 0;     // in the warm-up
  int64_t begun_before_ = 0;   // likewise
  std::optional<ThreadTime> counted_from_;
  std::chrono::nanoseconds awake_{0};  // since then: waited awake, for what was due next

  std::atomic<bool> stop_ = false;
  std::atomic<bool> cancel_ = false;
  std::atomic<Clock::time_point> count_at_ = Clock::time_point::max();
  std::atomic<Clock::time_point> stop_at_ = Clock::time_point::max();
  std::atomic<bool> counting_ = false;
  WorkerEnding ending_;
  std::atomic<bool> ended_ = false;  // once ending_ is there
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_WORKER_H_
