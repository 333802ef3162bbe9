// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/bench/collector.h"
#include "client/bench/outcome.h"
#include "client/bench/plan.h"
#include "client/bench/progress_line.h"
#include "client/bench/result.h"
#include "client/bench/summary.h"
#include "client/bench/summary_csv.h"
#include "client/bench/worker.h"
#include "client/json.h"
#include "client/monotonic.h"
#include "client/output.h"
#include "client/report/page.h"
#include "client/report/record.h"
#include "client/report/report_file.h"
#include "client/requests.h"
#include "client/sending.h"
#include "client/statistics.h"
#include "client/style.h"

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

class Run {
 public:
  Run(const Plan& plan, int err, Interrupt* interrupt)
      : plan_(plan), line_(err), interrupt_(*interrupt) {
    MakeWorkers();
  }
  ~Run() {
    for (const auto& worker : workers_) {
      worker->Stop(Worker::Clock::now(), Worker::InFlight::kIsCancelled);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

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

void Run::MakeWorkers() {
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

absl::Status Run::Connect() {
  absl::Status status;
  for (const auto& worker : workers_) status.Update(worker->Connect());
  return status;
}

Result Run::Measure() {
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

MonotonicTime Run::WarmUp(absl::Duration warmup) {
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

void Run::StopAt(MonotonicTime end) {
  const auto in_flight =
      interrupt_.triggered() ? Worker::InFlight::kIsCancelled : Worker::InFlight::kMayEnd;
  for (const auto& worker : workers_) worker->Stop(TimePoint(end), in_flight);
  for (const auto& worker : workers_) worker->AwaitEnd();
}

void Run::Gather(MonotonicTime end, Result* result) {
  result->address = plan_.target.name();
  result->method = plan_.method;
  result->shape = plan_.shape;
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
    result->disconnected_for = std::max(result->disconnected_for, ending.disconnected_for);
    heard = std::max(heard, ending.heard);
    oldest = std::min(oldest, ending.oldest);
  }
  // Without a call in flight, `oldest` lies in the future.
  result->unanswered =
      std::max(absl::FromChrono(TimePoint(end) - std::max(heard, oldest)), absl::ZeroDuration());
  result->measured = collector_.Take();
}

void Run::Watch(MonotonicTime end, bool warming_up) {
  const MonotonicTime begin = MonotonicNow();
  MonotonicTime next_show = begin + kShow;
  while (MonotonicNow() < end && !Done()) {
    if (!interrupt_.SleepUntil(std::min(MonotonicNow() + kLook, end))) return;
    if (MonotonicNow() < next_show) continue;
    Show(warming_up, MonotonicNow() - begin);
    next_show += kShow;
  }
}

void Run::Show(bool warming_up, absl::Duration passed) {
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

bool Run::Done() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const auto& worker) { return worker->ended(); });
}

// None if there is no name.
absl::StatusOr<std::optional<Record>> ReadOld(const std::string& file) {
  if (file.empty()) return std::optional<Record>();
  absl::StatusOr<Record> old = ReadRecordFile(file);
  if (!old.ok()) return old.status();
  return std::optional<Record>(*std::move(old));
}

std::string SummaryOf(const Result& result, const Options& options, int fd) {
  if (options.bench.csv == Csv::kSummary) return SummaryCsv(result);
  if (options.bench.csv == Csv::kPoints) return PointsCsv(result);
  if (options.format == Format::kJson) return JsonLine(SummaryJson(result));
  return SummaryText(result, Style::For(fd));
}

}  // namespace

Outcome Bench(const Target& target, const Options& options, const Streams& streams,
              Interrupt* interrupt) {
  const absl::StatusOr<Requests> requests = Requests::Make(options, streams.in);
  if (!requests.ok()) return LocalIoError(requests.status().message());
  const Plan plan = MakePlan(target, options, *requests);
  const absl::StatusOr<std::optional<Record>> old = ReadOld(options.bench.compare);
  if (!old.ok()) return LocalIoError(old.status().message());
  ReportFile report(options.bench.report, streams.out);
  if (const absl::Status status = report.Open(); !status.ok())
    return LocalIoError(status.message());
  // Where the page goes to standard output, people still want to see what came of it.
  const int summary = report.is_standard_output() ? streams.err : streams.out;
  Output output(summary);
  if (const absl::Status status = output.CheckWritable(); !status.ok()) return OutputError(status);
  if (options.wait > absl::ZeroDuration()) {
    const absl::Status there =
        target.ConnectWaiting(options.call.timeout, MonotonicNow() + options.wait, interrupt)
            .status();
    if (interrupt->triggered()) return Interrupted();
    if (!there.ok()) return ConnectError(there);
  }
  Run run(plan, streams.err, interrupt);
  if (const absl::Status status = run.Connect(); !status.ok()) return ConnectError(status);
  const Interrupt::Scope scope(interrupt, [] {});
  Result result = run.Measure();
  result.command_line = options.command_line;
  result.surroundings = Surroundings::Here();

  absl::Status status = output.AddLine(SummaryOf(result, options, summary));
  status.Update(output.Flush());
  if (!status.ok()) return OutputError(status);
  if (!options.bench.report.empty()) status = report.Write(ReportPage(result, *old));
  if (!status.ok()) return LocalIoError(status.message());
  return OutcomeOf(result);
}

}  // namespace udsecho::client
