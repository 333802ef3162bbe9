// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A program at a terminal (a pty), and the person who sits at it.
//
//   support::Terminal terminal({"/bin/cat"});
//   terminal.Type("hello\r");
//   EXPECT_TRUE(terminal.Sees("hello"));
//   terminal.Type("\x04");
//   EXPECT_EQ(terminal.Wait(), 0);
//
// Every wait ends after kPatience. The program is killed at the end, if it still runs.
//
// Thread safety: none. Aborts when there is no terminal to be had.

#ifndef TESTS_SUPPORT_TERMINAL_H_
#define TESTS_SUPPORT_TERMINAL_H_

#include <sys/types.h>
#include <termios.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace support {

class Terminal {
 public:
  // `command` is the path of the program and its arguments; $TERM is xterm.
  explicit Terminal(std::vector<std::string> command);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void Type(absl::string_view keys);

  // Waits until `text` shows up after what was last seen. False, and a failed expectation, when it
  // does not.
  bool Sees(absl::string_view text);

  // All that the program has shown so far.
  const std::string& shown() const { return shown_; }

  // Whether what is typed is shown and lines are edited by the kernel: as at the begin.
  bool IsAsItWas() const;

  void Signal(int signal) const;

  // To the job in the foreground, if the program is a shell.
  void SignalForeground(int signal) const;

  // Takes the terminal away, as by closing its window. Nothing more is seen.
  void Close() { fd_.reset(); }

  // Its exit code, or 128 + the signal that ended it.
  int Wait();

 private:
  // False at the end, or when nothing came for too long.
  bool ReadMore();

  pid_t pid_ = -1;
  bool waited_ = false;
  uds::UniqueFd fd_;
  termios begin_ = {};
  std::string shown_;
  size_t seen_ = 0;
};

}  // namespace support

#endif  // TESTS_SUPPORT_TERMINAL_H_
