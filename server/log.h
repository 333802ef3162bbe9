// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The daemon's log: lines on standard error or in a file, for people or as JSON, that never hold up
// the thread that writes them.
//
//   Log log(LogOptions{.format = LogFormat::kText});
//   log.Write({.level = LogLevel::kInfo,
//              .event = "service_started",
//              .text = "Starting Echo service on unix:/tmp/sock1 (pid 4242)",
//              .fields = {{"address", "unix:/tmp/sock1"}, {"pid", 4242}}});
//
//   kTimedText: as kText, and before it the time: 2024-05-01T09:30:00.123Z
//   kText:  [LISTENER] INFO  Starting Echo service on unix:/tmp/sock1 (pid 4242)
//   kJson:  {"time":"2024-05-01T09:30:00.123456Z","level":"info","event":"service_started",
//            "fields":{"address":"unix:/tmp/sock1","pid":4242}}                      (on one line)
//
// What the daemon says, and under which event names, stands in server/events.h: handlers use that,
// and hardly ever Write().
//
// Write() makes the line and queues it (measured: 0.4 us of CPU as text, 3.5 us as JSON); a thread
// of the log's own writes it. When the reader of standard error is stuck, lines pile up to
// `queue_lines`; after that the oldest are dropped, and a line "log_lines_lost" counts them as soon
// as there is room. Lines are kept in order, and each line of less than 4096 bytes goes out in one
// write, so that it is not torn by another process.
//
// Thread safety: Write(), Wants() and SetLevel() may be called from any thread.
// Ownership: made and owned by main, passed by reference; it outlives everything that writes to it.

#ifndef SERVER_LOG_H_
#define SERVER_LOG_H_

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "server/log_record.h"

namespace spdlog {
class async_logger;
namespace details {
class thread_pool;
}  // namespace details
}  // namespace spdlog

namespace udsecho {

class FdSink;

struct LogOptions {
  LogFormat format = LogFormat::kText;

  // Lines below it are not written.
  LogLevel level = LogLevel::kInfo;

  // Where the lines go. Borrowed: neither closed nor made non-blocking, as it is shared with other
  // processes.
  int fd = STDERR_FILENO;

  // How many lines may wait for a reader that is stuck. Their room (408 bytes each) is taken
  // at the start.
  size_t queue_lines = 1024;

  // How long the destructor waits for a reader that is stuck before it gives up the lines left.
  absl::Duration exit_wait = absl::Seconds(1);
};

class Log {
 public:
  explicit Log(const LogOptions& options);

  // Returns when all lines are written, or after `exit_wait`. In the second case the log's thread
  // stays blocked in write(2) and is left behind, for a process that is about to end.
  ~Log();

  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Lets a caller skip the making of a line that would not be written.
  bool Wants(LogLevel level) const { return level >= level_.load(std::memory_order_relaxed); }

  void SetLevel(LogLevel level) { level_ = level; }

  void Write(const LogRecord& record);

  // Waits until all lines so far are written, for `exit_wait` at most: for an end that runs no
  // destructors. Once, and nothing is to be written afterwards. False if they are not.
  bool Finish();

  // Lines that were lost so far, besides those that still wait to be written.
  int64_t lost() const;

 private:
  const LogOptions options_;
  std::atomic<LogLevel> level_;
  bool abandon_thread_ = false;
  std::shared_ptr<FdSink> sink_;
  std::shared_ptr<spdlog::details::thread_pool> thread_;
  std::shared_ptr<spdlog::async_logger> logger_;
};

}  // namespace udsecho

#endif  // SERVER_LOG_H_
