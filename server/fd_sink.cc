// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/fd_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

namespace udsecho {
namespace {

// How many of the bytes could be written.
std::size_t WriteAll(int fd, absl::string_view bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes.data() + done, bytes.size() - done));
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor made it non-blocking.
      pollfd writable = {fd, POLLOUT, 0};
      TEMP_FAILURE_RETRY(poll(&writable, 1, -1));
    } else {
      break;
    }
  }
  return done;
}

}  // namespace

FdSink::FdSink(int fd, LossLine loss_line) : fd_(fd), loss_line_(std::move(loss_line)) {}

void FdSink::log(const spdlog::details::log_msg& message) {
  TellLosses();
  if (!WriteLine({message.payload.data(), message.payload.size()})) ++unwritten_;
}

void FdSink::flush() {
  TellLosses();
  const std::lock_guard<std::mutex> lock(mutex_);
  flushed_ = true;
  flushed_changed_.notify_all();
}

bool FdSink::FinishWithin(absl::Duration timeout) {
  if (gave_up_) return false;
  std::unique_lock<std::mutex> lock(mutex_);
  gave_up_ = !flushed_changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout),
                                        [this] { return flushed_; });
  return !gave_up_;
}

void FdSink::TellLosses() {
  const int64_t lost = this->lost();
  if (lost > told_ && WriteLine(loss_line_(lost - told_))) told_ = lost;
}

bool FdSink::WriteLine(absl::string_view line) {
  if (gave_up_) return false;
  buffer_.clear();
  if (is_torn_) buffer_.push_back('\n');
  buffer_.append(line.data(), line.size());
  buffer_.push_back('\n');
  const std::size_t written = WriteAll(fd_, buffer_);
  if (written > 0) is_torn_ = written < buffer_.size();
  return written == buffer_.size();
}

}  // namespace udsecho
