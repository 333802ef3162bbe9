// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log_line.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace udsecho {
namespace {

absl::string_view PaddedName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO ";
    case LogLevel::kWarn:
      return "WARN ";
    case LogLevel::kError:
      return "ERROR";
  }
  std::abort();
}

std::string_view JsonName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  std::abort();
}

std::string ToStdString(absl::string_view text) { return std::string(text.data(), text.size()); }

nlohmann::ordered_json JsonFields(const LogRecord& record) {
  auto fields = nlohmann::ordered_json::object();
  for (const LogField& field : record.fields) {
    auto& slot = fields[ToStdString(field.name)];
    if (const int64_t* number = std::get_if<int64_t>(&field.value)) {
      slot = *number;
    } else {
      slot = ToStdString(std::get<absl::string_view>(field.value));
    }
  }
  return fields;
}

std::string TextTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ ", time, absl::UTCTimeZone());
}

std::string JsonLine(const LogRecord& record, absl::Time time) {
  nlohmann::ordered_json line;
  line["time"] = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", time, absl::UTCTimeZone());
  line["level"] = JsonName(record.level);
  line["event"] = ToStdString(record.event);
  line["fields"] = JsonFields(record);
  return line.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/true,
                   nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string FormatLogLine(LogFormat format, const LogRecord& record, absl::Time time) {
  if (format == LogFormat::kJson) return JsonLine(record, time);
  std::string line = absl::StrCat("[LISTENER] ", PaddedName(record.level), " ", record.text);
  if (format == LogFormat::kTimedText) line.insert(0, TextTime(time));
  // Whoever made the text should have; whoever forgot must not be able to forge a line.
  std::replace_if(line.begin(), line.end(), absl::ascii_iscntrl, '?');
  return line;
}

}  // namespace udsecho
