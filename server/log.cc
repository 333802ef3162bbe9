// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log.h"

#include <signal.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "server/fd_sink.h"
#include "server/log_line.h"
#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"

namespace udsecho {
namespace {

// Signals are for the thread that main chose. And SIGPIPE, which a broken standard error sends to
// the thread that writes, must not end the daemon.
void BlockAllSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

std::string LossLine(LogFormat format, int64_t lost) {
  const std::string text =
      absl::StrCat(lost, " log lines are lost: they were read or stored too slowly, or not at all");
  return FormatLogLine(format,
                       {.level = LogLevel::kWarn,
                        .event = "log_lines_lost",
                        .text = text,
                        .fields = {{"count", lost}}},
                       absl::Now());
}

}  // namespace

Log::Log(const LogOptions& options)
    : options_(options),
      level_(options.level),
      sink_(std::make_shared<FdSink>(
          options.fd, [format = options.format](int64_t lost) { return LossLine(format, lost); })),
      thread_(
          new spdlog::details::thread_pool(options.queue_lines, /*threads_n=*/1, &BlockAllSignals),
          [this](spdlog::details::thread_pool* thread) {
            if (!abandon_thread_) delete thread;
          }) {
  sink_->SetCountDropped(
      [thread = thread_.get()] { return static_cast<int64_t>(thread->overrun_counter()); });
  logger_ = std::make_shared<spdlog::async_logger>("log", sink_, thread_,
                                                   spdlog::async_overflow_policy::overrun_oldest);
}

Log::~Log() {
  logger_->flush();
  logger_.reset();
  // To end the thread is to wait for it, and it may be waiting for a reader that never comes.
  abandon_thread_ = !sink_->FinishWithin(options_.exit_wait);
}

bool Log::Finish() {
  logger_->flush();
  return sink_->FinishWithin(options_.exit_wait);
}

int64_t Log::lost() const { return sink_->lost(); }

void Log::Write(const LogRecord& record) {
  if (!record.any_level && !Wants(record.level)) return;
  const std::string line = FormatLogLine(options_.format, record, absl::Now());
  // Levels were dealt with above: to spdlog every line is one that it must write.
  logger_->log(spdlog::level::critical, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace udsecho
