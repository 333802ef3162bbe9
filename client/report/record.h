// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A run, as --bench --json printed it: what the page is drawn from, today's run and an earlier one alike.
//
//   absl::StatusOr<Record> record = ReadRecord(text, "old.json");
//
// What is read may be anybody's: it is checked once, here. All numbers are finite and not below zero, all
// lists that belong together have one length, and texts are printable UTF-8 of a bounded length.
//
// Thread safety: values and pure functions; ReadRecordFile() reads a file.

#ifndef CLIENT_REPORT_RECORD_H_
#define CLIENT_REPORT_RECORD_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

// In microseconds.
struct RecordLatency {
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p95 = 0;  // by the histogram if the file is an older one
  double p99 = 0;
  double p99_9 = 0;
  double p99_99 = 0;
  double max = 0;
};

struct RecordPoint {
  double from = 0;  // seconds
  double seconds = 0;
  double calls = 0;
  double errors = 0;
  // In microseconds; unset if no call succeeded.
  struct Latency {
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double p99_9 = 0;
    double max = 0;
  };
  std::optional<Latency> latency;
};

struct RecordErrors {
  std::string code;
  double calls = 0;
  std::string first;              // the text of the first one
  std::vector<double> over_time;  // one a point
};

struct RecordBin {
  double up_to = 0;  // microseconds, ascending
  double calls = 0;
};

struct RecordVerdict {
  std::string condition;
  bool failed = false;
  std::optional<double> value;
  std::string unit;
};

struct Record {
  std::string address, method, shape, command, began, client, grpc, cpu, kernel;
  double cores = 0;
  double size = 0, messages = 0, concurrency = 0, connections = 0, threads = 0, rate = 0;
  double rate_from = 0, ramp_s = 0;  // a ramp up to `rate`, or none
  double warmup_s = 0, duration_s = 0;
  double calls = 0, calls_per_second = 0;
  double messages_received_per_second = 0, bytes_received_per_second = 0;  // zero in older files
  double due = 0, not_sent = 0, in_flight = 0;
  double client_cpu_s = 0;
  bool interrupted = false;
  std::optional<RecordLatency> latency;  // unset if no call succeeded
  std::vector<RecordErrors> errors;
  std::vector<RecordBin> histogram;
  std::vector<RecordPoint> points;
  std::vector<std::string> notes;
  std::vector<RecordVerdict> verdicts;

  double failed() const;                    // calls
  double Percentile(double percent) const;  // microseconds, to two percent; by the histogram
  // Of the client, in share of a core.
  double Cores() const { return duration_s > 0 ? client_cpu_s / duration_s : 0; }
};

// INVALID_ARGUMENT, naming `name`, with what is wrong.
absl::StatusOr<Record> ReadRecord(absl::string_view text, absl::string_view name);
absl::StatusOr<Record> RecordOf(const nlohmann::ordered_json& json, absl::string_view name);

// Also what open(2) and read(2) say. A file of more than 16 MiB is refused.
absl::StatusOr<Record> ReadRecordFile(const std::string& file);

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_RECORD_H_
