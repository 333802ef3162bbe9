// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/record.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "client/report/record_reader.h"
#include "uds/printable.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

constexpr size_t kMostBytes = size_t{16} << 20;
constexpr int kDeepest = 16;
constexpr size_t kMostCodes = 20;

// So deep that a parser may run out of stack; brackets within texts do not count.
bool IsTooDeep(absl::string_view json) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDeepest) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

std::optional<RecordLatency> ReadLatency(RecordReader* run, const Record& record) {
  if (!run->Has("latency_us")) return std::nullopt;
  RecordReader times = run->Object("latency_us");
  return RecordLatency{.mean = times.Number("mean"),
                       .p50 = times.Number("p50"),
                       .p90 = times.Number("p90"),
                       .p95 = times.Has("p95") ? times.Number("p95") : record.Percentile(95),
                       .p99 = times.Number("p99"),
                       .p99_9 = times.Number("p99.9"),
                       .p99_99 = times.Number("p99.99"),
                       .max = times.Number("max")};
}

std::vector<RecordBin> ReadHistogram(RecordReader* run) {
  RecordReader histogram = run->Object("histogram");
  const std::vector<double> up_to = histogram.Numbers("up_to_us");
  const std::vector<double> calls = histogram.Numbers("calls");
  std::vector<RecordBin> bins;
  if (up_to.size() != calls.size()) histogram.Fail("calls", "is not as long as up_to_us");
  for (size_t i = 0; i < std::min(up_to.size(), calls.size()); ++i) {
    if (i > 0 && up_to[i] < up_to[i - 1]) histogram.Fail("up_to_us", "is not in ascending order");
    bins.push_back({.up_to = up_to[i], .calls = calls[i]});
  }
  return bins;
}

void ReadPoints(RecordReader* run, Record* record) {
  RecordReader line = run->Object("time_line");
  const double seconds = line.Number("seconds_a_point");
  const std::vector<double> calls = line.Numbers("calls");
  const std::vector<double> errors = line.Numbers("errors");
  const auto p50 = line.NumbersOrNulls("p50_us");
  const auto p90 = line.NumbersOrNulls("p90_us");
  const auto p99 = line.NumbersOrNulls("p99_us");
  const auto p99_9 = line.NumbersOrNulls("p99.9_us");
  const auto max = line.NumbersOrNulls("max_us");
  for (const size_t size :
       {errors.size(), p50.size(), p90.size(), p99.size(), p99_9.size(), max.size()}) {
    if (size != calls.size()) return line.Fail("calls", "is not as long as the lists beside it");
  }
  if (!(seconds > 1e-6)) line.Fail("seconds_a_point", "is zero");
  for (size_t i = 0; i < calls.size(); ++i) {
    RecordPoint point{.from = seconds * static_cast<double>(i),
                      .seconds = seconds,
                      .calls = calls[i],
                      .errors = errors[i],
                      .latency = std::nullopt};
    if (i + 1 == calls.size()) point.seconds = std::max(record->duration_s - point.from, 1e-6);
    if (p50[i].has_value()) {
      point.latency = {.p50 = *p50[i],
                       .p90 = p90[i].value_or(0),
                       .p99 = p99[i].value_or(0),
                       .p99_9 = p99_9[i].value_or(0),
                       .max = max[i].value_or(0)};
    }
    record->points.push_back(point);
  }
  RecordReader by_code = line.Object("errors_by_code");
  for (RecordErrors& each : record->errors) {
    each.over_time = by_code.Numbers(each.code.c_str());
    if (each.over_time.size() != calls.size()) {
      by_code.Fail(each.code, "is not as long as the calls");
    }
  }
}

void ReadErrors(RecordReader* run, Record* record) {
  RecordReader errors = run->Object("errors");
  RecordReader first = run->Object("first_errors");
  for (const std::string& code : errors.Names()) {
    if (code.size() > 40 || record->errors.size() >= kMostCodes || uds::Printable(code) != code) {
      return errors.Fail("", "has names that are no codes");
    }
    record->errors.push_back({.code = code,
                              .calls = errors.Number(code.c_str()),
                              .first = first.Text(code.c_str()),
                              .over_time = {}});
  }
  // Those that weigh most come first.
  std::sort(record->errors.begin(), record->errors.end(), [](const auto& a, const auto& b) {
    return a.calls != b.calls ? a.calls > b.calls : a.code < b.code;
  });
}

void ReadVerdicts(RecordReader* run, Record* record) {
  for (RecordReader& each : run->Objects("fail_if")) {
    RecordVerdict verdict{.condition = each.Text("condition"),
                          .failed = each.Bool("failed"),
                          .value = {},
                          .unit = each.Text("unit")};
    if (each.Has("value")) verdict.value = each.Number("value");
    record->verdicts.push_back(verdict);
  }
}

void ReadSetting(RecordReader* run, Record* record) {
  record->address = run->Text("address");
  record->method = run->Text("method");
  record->shape = run->Text("shape");
  record->command = run->Text("command");
  record->began = run->Text("began");
  record->client = run->Text("client_version");
  record->grpc = run->Text("grpc_version");
  record->size = run->Number("size");
  record->messages = run->Number("messages_per_call");
  record->concurrency = run->Number("concurrency");
  record->connections = run->Number("connections");
  record->threads = run->Number("threads");
  record->rate = run->Number("rate");
  if (run->Has("ramp_s")) {  // not in older files
    record->rate_from = run->Number("rate_from");
    record->ramp_s = run->Number("ramp_s");
  }
  record->warmup_s = run->Number("warmup_s");
  RecordReader host = run->Object("host");
  record->cpu = host.Text("cpu");
  record->kernel = host.Text("kernel");
  record->cores = host.Number("cores");
}

}  // namespace

double Record::failed() const {
  double sum = 0;
  for (const RecordErrors& each : errors) sum += each.calls;
  return sum;
}

double Record::Percentile(double percent) const {
  double all = 0;
  for (const RecordBin& bin : histogram) all += bin.calls;
  const double rank = std::max(1.0, std::ceil(percent / 100 * all - 1e-9));
  double seen = 0;
  for (const RecordBin& bin : histogram) {
    seen += bin.calls;
    if (seen >= rank) return bin.up_to;
  }
  return histogram.empty() ? 0 : histogram.back().up_to;
}

absl::StatusOr<Record> RecordOf(const nlohmann::ordered_json& json, absl::string_view name) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat(uds::Printable(name), " is not what --bench --json prints: ", why));
  };
  if (!json.is_object()) return bad("it is no JSON object");
  if (!json.contains("calls_per_second")) return bad("there is no \"calls_per_second\"");
  if (!json.contains("histogram")) {
    return bad("there is no \"histogram\"; an older client printed none, so run it again");
  }
  RecordReader run(json);
  Record record;
  ReadSetting(&run, &record);
  record.duration_s = run.Number("duration_s");
  record.calls = run.Number("calls");
  record.calls_per_second = run.Number("calls_per_second");
  if (run.Has("messages_received_per_second")) {
    record.messages_received_per_second = run.Number("messages_received_per_second");
    record.bytes_received_per_second = run.Number("bytes_received_per_second");
  }
  record.due = run.Number("due");
  record.not_sent = run.Number("due_and_not_sent");
  record.in_flight = run.Number("in_flight_at_the_end");
  record.client_cpu_s = run.Number("client_cpu_s");
  record.interrupted = run.Bool("interrupted");
  record.notes = run.Texts("notes");
  record.histogram = ReadHistogram(&run);
  record.latency = ReadLatency(&run, record);
  ReadErrors(&run, &record);
  ReadPoints(&run, &record);
  ReadVerdicts(&run, &record);
  if (!run.error().empty()) return bad(uds::Printable(run.error()));
  return record;
}

absl::StatusOr<Record> ReadRecord(absl::string_view text, absl::string_view name) {
  const auto bad = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat(uds::Printable(name), " is not what --bench --json prints: ", why));
  };
  if (text.find_first_not_of(" \t\r\n") == absl::string_view::npos) return bad("it is empty");
  if (IsTooDeep(text)) return bad("its objects are nested too deeply");
  const auto json = nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return bad("it is not one object of JSON");
  return RecordOf(json, name);
}

absl::StatusOr<Record> ReadRecordFile(const std::string& file) {
  const auto failed = [&](const char* what) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat("--compare: cannot ", what, " ", uds::Printable(file)));
  };
  const uds::UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return failed("open");
  std::string text;
  std::string block(size_t{64} << 10, '\0');
  while (true) {
    const ssize_t length = read(fd.get(), block.data(), block.size());
    if (length == 0) break;
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return failed("read");
    text.append(block, 0, static_cast<size_t>(length));
    if (text.size() > kMostBytes) {
      return absl::InvalidArgumentError(absl::StrCat(
          "--compare: ", uds::Printable(file), " is longer than 16 MiB, and no run's JSON is"));
    }
  }
  absl::StatusOr<Record> record = ReadRecord(text, file);
  if (record.ok()) return record;
  return absl::Status(record.status().code(),
                      absl::StrCat("--compare: ", record.status().message()));
}

}  // namespace udsecho::client
