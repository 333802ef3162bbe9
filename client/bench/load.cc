// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/load.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/statistics.h"

namespace udsecho::client {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(50);
constexpr absl::Duration kShow = absl::Milliseconds(500);
constexpr int kClosedConcurrency = 64;
constexpr int kOpenConcurrency = 1000;

absl::Duration CpuTime() {
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

// MonotonicTime is of the same clock.
Worker::Clock::time_point TimePoint(MonotonicTime time) {
  return Worker::Clock::time_point(absl::ToChronoNanoseconds(time));
}

// The part of `whole` that falls to the worker of that index: all parts together are the whole.
template <class Number>
Number Part(Number whole, int index, int of) {
  return whole / of + (index < static_cast<int>(whole % of) ? 1 : 0);
}

// What falls to one of so many threads; nothing for a closed loop.
std::optional<Schedule> ScheduleOf(const Plan& plan, int threads) {
  const BenchOptions& bench = plan.bench;
  if (bench.rate == 0) return std::nullopt;
  return Schedule({.from = bench.rate_from.value_or(bench.rate) / threads,
                   .to = bench.rate / threads,
                   .flat = plan.count.has_value() ? absl::ZeroDuration() : bench.warmup,
                   .ramp = bench.ramp});
}

}  // namespace

Load::Load(const Plan& plan, int err, Interrupt* interrupt)
    : plan_(plan), line_(err), interrupt_(*interrupt) {
  MakeWorkers();
}

Load::~Load() {
  for (const auto& worker : workers_) {
    worker->Stop(Worker::Clock::now(), Worker::InFlight::kIsCancelled);
  }
  for (std::thread& thread : threads_) thread.join();
}

void Load::MakeWorkers() {
  const BenchOptions& bench = plan_.bench;
  concurrency_ = bench.concurrency.value_or(bench.rate > 0 ? kOpenConcurrency : kClosedConcurrency);
  // Each thread has a connection and a call at least.
  const int threads = bench.threads;
  const int connections = std::max(bench.connections, threads);
  concurrency_ = std::max(concurrency_, threads);
  for (int i = 0; i < threads; ++i) {
    WorkerShare share = {.connections = Part(connections, i, threads),
                         .concurrency = Part(concurrency_, i, threads),
                         .schedule = ScheduleOf(plan_, threads),
                         .count = std::nullopt};
    if (plan_.count.has_value()) share.count = Part(*plan_.count, i, threads);
    workers_.push_back(std::make_unique<Worker>(plan_, share, &collector_));
  }
}

absl::Status Load::Connect() {
  absl::Status status;
  for (const auto& worker : workers_) status.Update(worker->Connect());
  return status;
}

Result Load::Measure() {
  Result result;
  result.warmup = plan_.count.has_value() ? absl::ZeroDuration() : plan_.bench.warmup;
  const MonotonicTime begin = WarmUp(result.warmup);
  result.interrupted_in_warmup = result.warmup > absl::ZeroDuration() && interrupt_.triggered();
  result.began = absl::Now();
  const absl::Duration cpu = CpuTime();
  Watch(begin + plan_.bench.duration, false);
  const bool done = Done();
  result.interrupted = interrupt_.triggered();
  result.duration = MonotonicNow() - begin;
  result.cpu = CpuTime() - cpu;
  MonotonicTime end = MonotonicNow();
  if (!result.interrupted) end = std::min(end, begin + plan_.bench.duration);
  if (result.interrupted_in_warmup) end = begin;
  StopAt(end);
  line_.Clear();
  Gather(end, &result);
  if (done) {
    // All calls were made, some time before anybody looked.
    auto ended = TimePoint(begin);
    for (const auto& worker : workers_) ended = std::max(ended, worker->ending().at);
    result.duration = absl::FromChrono(ended - TimePoint(begin));
  }
  result.measured.time_line.EndAt(result.duration);
  Judge(&result);
  return result;
}

MonotonicTime Load::WarmUp(absl::Duration warmup) {
  const auto start = [this] {
    for (const auto& worker : workers_) threads_.emplace_back([&worker] { worker->Run(); });
  };
  if (warmup > absl::ZeroDuration()) {
    start();
    Watch(MonotonicNow() + warmup, true);
  }
  const MonotonicTime begin = MonotonicNow();
  collector_.Begin(TimePoint(begin));
  for (const auto& worker : workers_) worker->BeginToCount(TimePoint(begin));
  if (threads_.empty()) start();
  return begin;
}

void Load::StopAt(MonotonicTime end) {
  const auto in_flight =
      interrupt_.triggered() ? Worker::InFlight::kIsCancelled : Worker::InFlight::kMayEnd;
  for (const auto& worker : workers_) worker->Stop(TimePoint(end), in_flight);
  for (const auto& worker : workers_) worker->AwaitEnd();
}

void Load::Gather(MonotonicTime end, Result* result) {
  result->address = plan_.target.name();
  result->method = plan_.method;
  result->shape = plan_.shape;
  result->is_any_method = plan_.is_any_method;
  result->streams_replies = plan_.streams_replies;
  result->name = plan_.name;
  result->size = plan_.request_size;
  result->messages = plan_.messages;
  result->concurrency = concurrency_;
  result->threads = static_cast<int>(workers_.size());
  result->connections = std::max(plan_.bench.connections, result->threads);
  result->rate = plan_.bench.rate;
  result->rate_from = plan_.bench.rate_from.value_or(plan_.bench.rate);
  result->ramp = plan_.bench.ramp;
  result->delay = plan_.delay;
  result->thresholds = plan_.bench.fail_if;
  auto heard = Worker::Clock::time_point::min();
  auto oldest = Worker::Clock::time_point::max();
  for (const auto& worker : workers_) {
    const WorkerEnding& ending = worker->ending();
    result->busy = std::max(result->busy, ending.busy);
    result->in_flight += ending.in_flight;
    result->due += ending.due;
    result->not_sent += ending.not_sent;
    result->behind = std::max(result->behind, ending.behind);
    result->late = std::max(result->late, ending.late);
    result->disconnected = std::max(result->disconnected, ending.disconnected);
    result->disconnected_for = std::max(result->disconnected_for, ending.disconnected_for);
    heard = std::max(heard, ending.heard);
    oldest = std::min(oldest, ending.oldest);
  }
  // Without a call in flight, `oldest` lies in the future.
  result->unanswered =
      std::max(absl::FromChrono(TimePoint(end) - std::max(heard, oldest)), absl::ZeroDuration());
  result->measured = collector_.Take();
  result->retries = plan_.retry != nullptr;
}

void Load::Watch(MonotonicTime end, bool warming_up) {
  const MonotonicTime begin = MonotonicNow();
  MonotonicTime next_show = begin + kShow;
  while (MonotonicNow() < end && !Done()) {
    if (!interrupt_.SleepUntil(std::min(MonotonicNow() + kLook, end))) return;
    if (MonotonicNow() < next_show) continue;
    Show(warming_up, MonotonicNow() - begin);
    next_show += kShow;
  }
}

void Load::Show(bool warming_up, absl::Duration passed) {
  if (!line_.shown()) return;
  const Collector::Recently recently = collector_.Recent();
  std::string text = absl::StrFormat("%s %.1f s", warming_up ? "warming up" : "measuring",
                                     absl::ToDoubleSeconds(passed));
  if (!warming_up && plan_.bench.duration != absl::InfiniteDuration()) {
    absl::StrAppendFormat(&text, " of %g s", absl::ToDoubleSeconds(plan_.bench.duration));
  }
  absl::StrAppend(
      &text, ": ", Thousands(static_cast<double>(recently.calls) / absl::ToDoubleSeconds(kShow)),
      " calls/s, p50 ", Milliseconds(recently.p50), ", p99 ", Milliseconds(recently.p99));
  if (recently.errors > 0) {
    absl::StrAppend(&text, ", ", Thousands(static_cast<double>(recently.errors)), " errors");
  }
  line_.Show(text);
}

bool Load::Done() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->ended(); });
}

}  // namespace udsecho::client
