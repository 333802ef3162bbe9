// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the log is told: a level, a stable name, a sentence for people and values for programs.
//
//   LogRecord{.level = LogLevel::kInfo,
//             .event = "service_started",
//             .text = "Starting Echo service on unix:/tmp/sock1 (pid 4242)",
//             .fields = {{"address", "unix:/tmp/sock1"}, {"pid", 4242}}}
//
// Ownership: a record borrows all its text, and is meant to live for one call of Log::Write().

#ifndef SERVER_LOG_RECORD_H_
#define SERVER_LOG_RECORD_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <variant>

#include "absl/strings/string_view.h"

namespace udsecho {

// kText lines have no time: for a reader that has one for each line anyway.
enum class LogFormat { kText, kTimedText, kJson };

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// One named value of a JSON line. Borrows its text until Write() returns.
struct LogField {
  LogField(absl::string_view name, absl::string_view value) : name(name), value(value) {}
  LogField(absl::string_view name, const char* value)
      : name(name), value(absl::string_view(value)) {}
  LogField(absl::string_view name, std::integral auto value)
      : name(name), value(static_cast<int64_t>(value)) {}

  absl::string_view name;
  std::variant<int64_t, absl::string_view> value;
};

struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  bool any_level = false;  // written whatever the log's level is: another flag has asked for it

  // A stable name for programs, lower_case_with_underscores.
  absl::string_view event;

  // The sentence for people. Text that came from outside is made fit by the caller
  // (uds::Printable). As a last resort, control characters are written as '?'. Not part of a JSON
  // line.
  absl::string_view text;

  // For programs: raw values, which JSON itself makes safe (ASCII only; bytes that are not UTF-8
  // come out as U+FFFD). Not part of a text line.
  std::initializer_list<LogField> fields = {};
};

}  // namespace udsecho

#endif  // SERVER_LOG_RECORD_H_
