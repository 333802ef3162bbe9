// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A program that a test runs, with its three streams on pipes.
//
//   support::SpawnedProcess cat({"/bin/cat"});
//   cat.Write("hello\n");
//   EXPECT_EQ(cat.out().Line(0), "hello");
//   cat.CloseInput();
//   EXPECT_EQ(cat.Wait(), 0);
//
// It gets no other descriptor of the test unless asked for, and default signal handling. It is
// killed at the end, if it still runs. Making one sets SIGPIPE to be ignored in the test itself.
// Every wait ends after kPatience, with a failed expectation.
//
// Thread safety: as a plain value, but several threads of a test may each have some. Aborts when
// the program cannot be started.

#ifndef TESTS_SUPPORT_SPAWNED_PROCESS_H_
#define TESTS_SUPPORT_SPAWNED_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/support/captured_output.h"
#include "uds/unique_fd.h"

namespace support {

struct SpawnOptions {
  std::string directory;                 // to start in; empty: the test's own
  std::vector<std::string> environment;  // "NAME=value", added to the test's own
  std::vector<int> descriptors = {};  // of the test's, that it gets as its numbers 3, 4 and so on
};

class SpawnedProcess {
 public:
  // `command` is the path of the program and its arguments.
  explicit SpawnedProcess(const std::vector<std::string>& command,
                          const SpawnOptions& options = {});
  ~SpawnedProcess();  // kills it if it still runs
  SpawnedProcess(const SpawnedProcess&) = delete;
  SpawnedProcess& operator=(const SpawnedProcess&) = delete;

  pid_t pid() const { return pid_; }
  CapturedOutput& out() { return *out_; }
  CapturedOutput& err() { return *err_; }

  // False once the program does not read its standard input any more.
  bool Write(absl::string_view text);
  void CloseInput() { in_.reset(); }

  void Signal(int signal);

  // Its exit code, or 128 + the signal that ended it. Closes its standard input only if asked to
  // before.
  int Wait();

 private:
  int Reap();

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  uds::UniqueFd in_;
  uds::UniqueFd pidfd_;
  std::unique_ptr<CapturedOutput> out_;
  std::unique_ptr<CapturedOutput> err_;
};

// What a program did, start to end.
struct Finished {
  pid_t pid;
  int exit_code;
  std::string out;
  std::string err;
};

// Runs it with `input` as all of its standard input.
Finished RunToEnd(const std::vector<std::string>& command, absl::string_view input = "",
                  const SpawnOptions& options = {});

}  // namespace support

#endif  // TESTS_SUPPORT_SPAWNED_PROCESS_H_
