// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/captured_output.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>
#include <utility>

#include "tests/support/patience.h"

namespace support {

CapturedOutput::CapturedOutput(uds::UniqueFd reading_end)
    : fd_(std::move(reading_end)), thread_(&CapturedOutput::Read, this) {}

void CapturedOutput::Read() {
  char buffer[65536];
  ssize_t count = 1;
  while (count > 0) {
    count = TEMP_FAILURE_RETRY(read(fd_.get(), buffer, sizeof(buffer)));
    const std::lock_guard<std::mutex> lock(mutex_);
    if (count > 0) text_.append(buffer, count);
    std::size_t from = text_.size() - (count > 0 ? count : 0);
    for (std::size_t end = 0; (end = text_.find('\n', from)) != std::string::npos; from = end + 1) {
      lines_.push_back(text_.substr(line_begin_, end - line_begin_));
      line_begin_ = end + 1;
    }
    if (count <= 0) {
      if (line_begin_ < text_.size()) lines_.push_back(text_.substr(line_begin_));
      ended_ = true;
    }
    changed_.notify_all();
  }
}

bool CapturedOutput::Await(std::unique_lock<std::mutex>* lock, std::size_t lines) {
  const bool in_time = changed_.wait_for(
      *lock, kPatience, [this, lines] { return ended_ || lines_.size() >= lines; });
  EXPECT_TRUE(in_time) << "still waiting for " << lines << " lines or the end; so far:\n" << text_;
  return lines_.size() >= lines;
}

std::string CapturedOutput::Line(std::size_t index) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (Await(&lock, index + 1)) return lines_[index];
  ADD_FAILURE() << "no line " << index << " in:\n" << text_;
  return "";
}

bool CapturedOutput::HasLine(std::size_t index) {
  std::unique_lock<std::mutex> lock(mutex_);
  return Await(&lock, index + 1);
}

std::string CapturedOutput::Whole() {
  std::unique_lock<std::mutex> lock(mutex_);
  Await(&lock, std::numeric_limits<std::size_t>::max());
  return text_;
}

std::string CapturedOutput::SoFar() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return text_;
}

}  // namespace support
