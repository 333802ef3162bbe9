// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/bench.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "client/bench/compared.h"
#include "client/bench/echo_plan.h"
#include "client/bench/load.h"
#include "client/bench/method_plan.h"
#include "client/bench/outcome.h"
#include "client/bench/plan.h"
#include "client/bench/result.h"
#include "client/bench/summary.h"
#include "client/bench/summary_csv.h"
#include "client/json.h"
#include "client/memory_guard.h"
#include "client/monotonic.h"
#include "client/output.h"
#include "client/report/comparison.h"
#include "client/report/comparison_text.h"
#include "client/report/page.h"
#include "client/report/record.h"
#include "client/report/report_file.h"
#include "client/retry/service_config.h"
#include "client/sending.h"
#include "client/style.h"

namespace udsecho::client {
namespace {

// None if no file is named.
absl::StatusOr<std::optional<Record>> ReadOld(const std::string& file) {
  if (file.empty()) return std::optional<Record>();
  absl::StatusOr<Record> old = ReadRecordFile(file);
  if (!old.ok()) return old.status();
  return std::optional<Record>(*std::move(old));
}

std::optional<Compared> ComparedWith(const Record& old, const Result& result) {
  const absl::StatusOr<Record> now = RecordOf(SummaryJson(result), "this run");
  if (!now.ok()) return std::nullopt;
  return ComparedOf(Compare(old, *now));
}

std::string SummaryOf(const Result& result, const Options& options, int fd) {
  if (options.bench.csv == Csv::kSummary) return SummaryCsv(result);
  if (options.bench.csv == Csv::kPoints) return PointsCsv(result);
  if (options.format == Format::kJson) return JsonLine(SummaryJson(result));
  return SummaryText(result, Style::For(fd));
}

Outcome MakePlan(const Options& options, const Streams& streams, Interrupt* interrupt, Plan* plan) {
  if (options.method.name.empty()) return PlanEcho(options, streams.in, plan);
  std::optional<MemoryGuard> guard;  // of gRPC, which is asked for the method alone
  if (streams.bounds_memory) guard.emplace(streams.err);
  return PlanMethod(options, streams.in, interrupt, plan);
}

// For the server to be there.
absl::Duration WaitFor(const Options& options) {
  const std::optional<ServiceConfig>& retry = options.call.retry;
  const bool calls_wait = retry.has_value() && retry->waits_for_ready();
  return calls_wait ? std::max(options.wait, options.call.timeout) : options.wait;
}

}  // namespace

Outcome Bench(const Target& target, const Options& options, const Streams& streams,
              Interrupt* interrupt) {
  const absl::StatusOr<std::optional<Record>> old = ReadOld(options.bench.compare);
  if (!old.ok()) return LocalIoError(old.status().message());
  ReportFile report(options.bench.report, streams.out);
  if (const absl::Status status = report.Open(); !status.ok())
    return LocalIoError(status.message());
  // Where the page goes to standard output, people still want to see what came of it.
  const int summary = report.is_standard_output() ? streams.err : streams.out;
  Output output(summary);
  if (const absl::Status status = output.CheckWritable(); !status.ok()) return OutputError(status);
  if (const absl::Duration wait = WaitFor(options); wait > absl::ZeroDuration()) {
    const absl::Status there =
        target.ConnectWaiting(options.call.timeout, MonotonicNow() + wait, interrupt).status();
    if (interrupt->triggered()) return Interrupted();
    if (!there.ok()) return ConnectError(there);
  }
  Plan plan = PlanFor(target, options);
  Outcome planned = MakePlan(options, streams, interrupt, &plan);
  if (planned.ok()) planned = PlanRetry(&plan);
  if (!planned.ok()) return planned;
  Load load(plan, streams.err, interrupt);
  if (const absl::Status status = load.Connect(); !status.ok()) return ConnectError(status);
  const Interrupt::Scope scope(interrupt, [] {});
  Result result = load.Measure();
  result.command_line = options.command_line;
  result.surroundings = Surroundings::Here();
  if (old->has_value()) result.compared = ComparedWith(**old, result);

  absl::Status status = output.AddLine(SummaryOf(result, options, summary));
  status.Update(output.Flush());
  if (!status.ok()) return OutputError(status);
  if (!options.bench.report.empty()) status = report.Write(ReportPage(result, *old));
  if (!status.ok()) return LocalIoError(status.message());
  return OutcomeOf(result);
}

}  // namespace udsecho::client
