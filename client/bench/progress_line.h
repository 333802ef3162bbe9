// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The line that shows how a bench goes, written over again and again; on a terminal alone.
//
//   ProgressLine line(STDERR_FILENO);
//   line.Show("3.0 s ...");
//   line.Clear();
//
// Thread safety: none.

#ifndef CLIENT_BENCH_PROGRESS_LINE_H_
#define CLIENT_BENCH_PROGRESS_LINE_H_

#include "absl/strings/string_view.h"

namespace udsecho::client {

class ProgressLine {
 public:
  explicit ProgressLine(int fd);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  bool shown() const { return is_terminal_; }

  // Cut to the terminal's width.
  void Show(absl::string_view text);
  void Clear();

 private:
  void Write(absl::string_view text) const;

  const int fd_;
  const bool is_terminal_;
  bool dirty_ = false;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_PROGRESS_LINE_H_
