// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Where the client writes: replies to standard output, all else to standard error.
//
//   Output output(STDOUT_FILENO);
//   output.AddLine(reply);          // kept back
//   if (!output.Flush().ok()) ...   // written
//
// Thread safety: none.
// Ownership: descriptors are borrowed.

#ifndef CLIENT_OUTPUT_H_
#define CLIENT_OUTPUT_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "client/options.h"

namespace udsecho::client {

// Collects lines, so that a million of them are not a million system calls. The caller decides when
// somebody may be waiting for them.
class Output {
 public:
  // More than this (in bytes) is written without being asked to.
  static constexpr size_t kBuffer = 64 * 1024;

  // `name` is what errors call it, printable.
  explicit Output(int fd, std::string name = "standard output") : fd_(fd), name_(std::move(name)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // The text as it is, and a line feed. An error (no reader: only where SIGPIPE is ignored; a full
  // disk) is that of writing earlier lines; what was kept back is then lost.
  absl::Status AddLine(absl::string_view text);

  // The bytes alone. More than kBuffer of them are not copied first.
  absl::Status Add(absl::string_view bytes);

  // Writes what was kept back; waits while the descriptor takes nothing.
  absl::Status Flush();

  bool empty() const { return buffer_.empty(); }

  // Fails if the descriptor is closed or only for reading, as Flush() would: for work that takes
  // long before there is something to write.
  absl::Status CheckWritable() const;

 private:
  const int fd_;
  const std::string name_;
  std::string buffer_;
};

// What --verbose tells: "INFO  Got back: ...", one printable line each, written at once. Errors of
// writing are ignored: there is nowhere to report them.
class Progress {
 public:
  Progress(int fd, Verbosity verbosity) : fd_(fd), verbosity_(verbosity) {}

  void Starting(absl::string_view address);
  void GotBack(absl::string_view reply);
  void Tell(absl::string_view what, absl::string_view untrusted) { Write(what, untrusted); }
  bool verbose() const { return verbosity_ == Verbosity::kVerbose; }

 private:
  void Write(absl::string_view what, absl::string_view untrusted);

  const int fd_;
  const Verbosity verbosity_;
};

// Writes "client: " and a printable line. Errors of writing are ignored: there is nowhere to report them.
void WarnOn(int err, absl::string_view line);

}  // namespace udsecho::client

#endif  // CLIENT_OUTPUT_H_
