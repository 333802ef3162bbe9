// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How a record of server/log.h looks as a line, without the line feed.
//
// Thread safety: a pure function.

#ifndef SERVER_LOG_LINE_H_
#define SERVER_LOG_LINE_H_

#include <string>

#include "absl/time/time.h"
#include "server/log_record.h"

namespace udsecho {

// kText: "[LISTENER] INFO  text", the level padded to five characters.
// kTimedText: the same after the time: RFC 3339 in UTC with milliseconds, and a space.
// kJson: {"time": RFC 3339 in UTC with microseconds, "level", "event", "fields"}, in this order.
std::string FormatLogLine(LogFormat format, const LogRecord& record, absl::Time time);

}  // namespace udsecho

#endif  // SERVER_LOG_LINE_H_
