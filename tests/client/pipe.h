// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A pipe for a test to stand at both ends of.
//
// Thread safety: each end may have a thread of its own.

#ifndef TESTS_CLIENT_PIPE_H_
#define TESTS_CLIENT_PIPE_H_

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class Pipe {
 public:
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  int reader() const { return reader_.get(); }
  int writer() const { return writer_.get(); }
  void CloseReader() { reader_.reset(); }
  void CloseWriter() { writer_.reset(); }

  void Write(absl::string_view text) {
    while (!text.empty()) {
      const ssize_t written = TEMP_FAILURE_RETRY(write(writer(), text.data(), text.size()));
      if (written < 0) std::abort();
      text.remove_prefix(written);
    }
  }

  // Up to and with the next line feed; less at the end. Waits for it.
  std::string ReadLine() {
    std::string line;
    char byte = 0;
    while (TEMP_FAILURE_RETRY(read(reader(), &byte, 1)) == 1) {
      line.push_back(byte);
      if (byte == '\n') break;
    }
    return line;
  }

  // Until the writer's end is closed.
  std::string ReadAll() {
    std::string text;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = TEMP_FAILURE_RETRY(read(reader(), buffer, sizeof(buffer)))) > 0) {
      text.append(buffer, got);
    }
    return text;
  }

  std::string CloseWriterAndReadAll() {
    CloseWriter();
    return ReadAll();
  }

 private:
  uds::UniqueFd reader_;
  uds::UniqueFd writer_;
};

}  // namespace udsecho::client

#endif  // TESTS_CLIENT_PIPE_H_
