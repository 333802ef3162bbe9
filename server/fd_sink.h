// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where the log's thread leaves its lines: a descriptor that may block, break, or be full.
//
// Thread safety: log() and flush() are called by the log's thread alone (as spdlog's asynchronous
// logger does); FinishWithin() by any other.

#ifndef SERVER_FD_SINK_H_
#define SERVER_FD_SINK_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "spdlog/sinks/sink.h"

namespace udsecho {

class FdSink : public spdlog::sinks::sink {
 public:
  // How many lines were dropped so far before they got here.
  using CountDropped = std::function<int64_t()>;
  // The line that tells how many were lost.
  using LossLine = std::function<std::string(int64_t lost)>;

  // Writes to `fd`, which stays the caller's.
  FdSink(int fd, LossLine loss_line);

  // Before the first line.
  void SetCountDropped(CountDropped count_dropped) { count_dropped_ = std::move(count_dropped); }

  // Writes the line in one write(2) where the system takes it whole. A line that cannot be written
  // (the pipe's reader is gone, the disk is full) is lost and counted.
  void log(const spdlog::details::log_msg& message) override;

  void flush() override;

  // Waits until flush() was called, so that all lines before it are written. False after `timeout`:
  // then nothing more is written, except for what write(2) is in the middle of.
  bool FinishWithin(absl::Duration timeout);

  // Lines that were lost so far, besides those that still wait.
  int64_t lost() const { return count_dropped_() + unwritten_; }

  // Lines come formatted.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  void TellLosses();
  // False if the line is lost.
  bool WriteLine(absl::string_view line);

  const int fd_;
  const LossLine loss_line_;
  CountDropped count_dropped_;
  bool is_torn_ = false;                // the last line could be written in part only
  std::atomic<int64_t> unwritten_ = 0;  // lines that could not be written
  int64_t told_ = 0;                    // losses of both kinds that were told
  std::string buffer_;

  std::atomic<bool> gave_up_ = false;

  std::mutex mutex_;
  std::condition_variable flushed_changed_;
  bool flushed_ = false;  // guarded by mutex_
};

}  // namespace udsecho

#endif  // SERVER_FD_SINK_H_
