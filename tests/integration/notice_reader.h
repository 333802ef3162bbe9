// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The service manager's end of sd_notify(3).
//
//   NoticeReader notices;
//   ServerProcess server({.path = "", .flags = {}, .spawn = {"", {notices.variable()}}});
//   EXPECT_EQ(notices.Await("READY"), "1");
//
// Thread safety: none.

#ifndef TESTS_INTEGRATION_NOTICE_READER_H_
#define TESTS_INTEGRATION_NOTICE_READER_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/support/patience.h"
#include "tests/support/temp_dir.h"
#include "uds/address.h"
#include "uds/unique_fd.h"

namespace udsecho::integration {

class NoticeReader {
 public:
  NoticeReader() : fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const uds::Address address = uds::Address::Parse(dir_.Path("n")).value();
    EXPECT_EQ(bind(fd_.get(), address.socket_address(), address.socket_address_length()), 0);
  }

  // For the server's environment.
  std::string variable() const { return absl::StrCat("NOTIFY_SOCKET=", dir_.Path("n")); }

  // The value of the next assignment to `name`; those before it are lost. Empty, and a failed
  // expectation, if none comes.
  std::string Await(const std::string& name) {
    const support::Deadline deadline;
    for (;;) {
      while (lines_.empty() && Read(deadline.MillisecondsLeft())) {
      }
      if (lines_.empty()) break;
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      absl::string_view value = line;
      if (absl::ConsumePrefix(&value, absl::StrCat(name, "="))) return std::string(value);
    }
    ADD_FAILURE() << "no notice of " << name;
    return "";
  }

  // How many assignments to `name` have come by now.
  int Count(const std::string& name) {
    while (Read(0)) {
    }
    int count = 0;
    for (const std::string& line : lines_) {
      if (absl::StartsWith(line, absl::StrCat(name, "="))) ++count;
    }
    return count;
  }

  // Forgets what has come by now.
  void Clear() {
    while (Read(0)) {
    }
    lines_.clear();
  }

 private:
  bool Read(int milliseconds) {
    pollfd readable = {fd_.get(), POLLIN, 0};
    if (poll(&readable, 1, milliseconds) != 1) return false;
    std::array<char, 4096> notice;
    const ssize_t size = recv(fd_.get(), notice.data(), notice.size(), 0);
    if (size < 0) return false;
    const absl::string_view text(notice.data(), size);
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      lines_.emplace_back(line);
    }
    return true;
  }

  const support::TempDir dir_;
  const uds::UniqueFd fd_;
  std::deque<std::string> lines_;
};

}  // namespace udsecho::integration

#endif  // TESTS_INTEGRATION_NOTICE_READER_H_
