// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/bench.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "client/bench/collector.h"
#include "client/bench/plan.h"
#include "client/bench/progress_line.h"
#include "client/bench/result.h"
#include "client/bench/summary.h"
#include "client/bench/worker.h"
#include "client/json.h"
#include "client/output.h"
#include "client/report/page.h"
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

// The part of `whole` that falls to the worker of that index: all parts together are the whole.
template <class Number>
Number Part(Number whole, int index, int of) {
  return whole / of + (index < static_cast<int>(whole % of) ? 1 : 0);
}

class Run {
 public:
  Run(const Plan& plan, int err, Interrupt* interrupt)
      : plan_(plan), line_(err), interrupt_(*interrupt) {
    MakeWorkers();
  }
  ~Run() { Stop(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  absl::Status Connect();
  Result Measure();

 private:
  void MakeWorkers();
  // Until `end`, or all is done, or Ctrl-C.
  void Watch(absl::Time end, bool warming_up);
  void Show(bool warming_up, absl::Duration passed);
  bool Done() const;
  void Stop();

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
                         .rate = bench.rate / threads,
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
  const absl::Duration warmup = plan_.count.has_value() ? absl::ZeroDuration() : plan_.bench.warmup;
  const auto count_from = [this] {
    collector_.Begin(std::chrono::steady_clock::now());
    for (const auto& worker : workers_) worker->BeginToCount();
  };
  const auto start = [this] {
    for (const auto& worker : workers_) threads_.emplace_back([&worker] { worker->Run(); });
  };
  if (warmup > absl::ZeroDuration()) {
    start();
    Watch(absl::Now() + warmup, true);
  }
  const absl::Time begin = absl::Now();
  const auto steady_begin = std::chrono::steady_clock::now();
  const absl::Duration cpu = CpuTime();
  count_from();
  if (threads_.empty()) start();
  Watch(begin + plan_.bench.duration, false);

  Result result;
  result.address = plan_.target.name();
  result.duration = absl::Now() - begin;
  result.cpu = CpuTime() - cpu;
  if (Done()) {
    // All calls were made, some time before anybody looked.
    auto ended = steady_begin;
    for (const auto& worker : workers_) ended = std::max(ended, worker->ended());
    result.duration = absl::FromChrono(ended - steady_begin);
  }
  Stop();
  line_.Clear();
  result.shape = plan_.shape;
  result.size = plan_.request_size;
  result.messages = plan_.messages;
  result.concurrency = concurrency_;
  result.threads = static_cast<int>(workers_.size());
  result.connections = std::max(plan_.bench.connections, result.threads);
  result.rate = plan_.bench.rate;
  result.began = begin;
  result.warmup = warmup;
  for (const auto& worker : workers_) result.busy = std::max(result.busy, worker->busy());
  result.measured = collector_.Take();
  Judge(&result);
  return result;
}

void Run::Watch(absl::Time end, bool warming_up) {
  const absl::Time begin = absl::Now();
  absl::Time next_show = begin + kShow;
  while (absl::Now() < end && !Done()) {
    if (!interrupt_.SleepUntil(std::min(absl::Now() + kLook, end))) return;
    if (absl::Now() < next_show) continue;
    Show(warming_up, absl::Now() - begin);
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
                     [](const auto& worker) { return worker->done(); });
}

void Run::Stop() {
  for (const auto& worker : workers_) worker->Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

Outcome OutcomeOf(const Result& result, Interrupt* interrupt) {
  if (interrupt->triggered()) return Interrupted();
  const auto& ended = result.measured.ended;
  const auto* const most = std::max_element(ended.begin() + 1, ended.end());
  if (*most == 0) return {};
  const auto code = static_cast<grpc::StatusCode>(most - ended.begin());
  const auto of = static_cast<double>(result.measured.errors() + result.calls());
  return CallOutcome(ShapeName(result.shape), result.address,
                     grpc::Status(code, absl::StrCat(Thousands(static_cast<double>(*most)), " of ",
                                                     Thousands(of), " calls failed so")));
}

Outcome WriteReport(const Result& result, const std::string& file) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << ReportPage(result);
  stream.close();
  if (stream.good()) return {};
  return LocalIoError(absl::StrCat("--report: cannot write ", file));
}

}  // namespace

Outcome Bench(const Target& target, const Options& options, const Streams& streams,
              Interrupt* interrupt) {
  const absl::StatusOr<Requests> requests = Requests::Make(options, streams.in);
  if (!requests.ok()) return LocalIoError(requests.status().message());
  const Plan plan = MakePlan(target, options, *requests);
  Run run(plan, streams.err, interrupt);
  if (const absl::Status status = run.Connect(); !status.ok()) return ConnectError(status);
  const Interrupt::Scope scope(interrupt, [] {});
  const Result result = run.Measure();

  Output output(streams.out);
  absl::Status status = output.AddLine(options.format == Format::kJson
                                           ? JsonLine(SummaryJson(result))
                                           : SummaryText(result, Style::For(streams.out)));
  status.Update(output.Flush());
  if (!status.ok()) return OutputError(status);
  if (!options.bench.report.empty()) {
    if (Outcome written = WriteReport(result, options.bench.report); !written.ok()) return written;
  }
  return OutcomeOf(result, interrupt);
}

}  // namespace udsecho::client
