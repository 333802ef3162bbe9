// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What another process writes, kept as it comes, so that the writer is never held up.
//
//   support::CapturedOutput out(std::move(reading_end));
//   EXPECT_EQ(out.Line(0), "first line");        // waits for it
//   EXPECT_EQ(out.Whole(), "first line\n...");   // waits until no writer is left
//
// Every wait ends after kPatience with a failed expectation.
//
// Thread safety: all methods, from any thread. Ownership: owns the descriptor and a thread that
// reads it, so the destructor waits until no writer is left.

#ifndef TESTS_SUPPORT_CAPTURED_OUTPUT_H_
#define TESTS_SUPPORT_CAPTURED_OUTPUT_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "uds/unique_fd.h"

namespace support {

class CapturedOutput {
 public:
  explicit CapturedOutput(uds::UniqueFd reading_end);
  ~CapturedOutput() { thread_.join(); }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  // Waits for line `index`, from 0, and gives it without its line feed; what has none at the end of
  // the output is a line too. Empty, and a failed expectation, when there is no such line.
  std::string Line(std::size_t index);

  // Whether there is such a line: waits for it, or for the end.
  bool HasLine(std::size_t index);

  // All of it, or what there is by now.
  std::string Whole();
  std::string SoFar();

 private:
  void Read();
  // `lock` holds mutex_.
  bool Await(std::unique_lock<std::mutex>* lock, std::size_t lines);

  const uds::UniqueFd fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::vector<std::string> lines_;
  std::size_t line_begin_ = 0;  // in text_, of the line that has no line feed yet
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace support

#endif  // TESTS_SUPPORT_CAPTURED_OUTPUT_H_
