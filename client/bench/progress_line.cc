// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace udsecho::client {
namespace {

constexpr char kClearLine[] = "\r\x1b[K";
constexpr size_t kUsualColumns = 80;

size_t Columns(int fd) {
  winsize size = {};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualColumns;
  return size.ws_col;
}

}  // namespace

ProgressLine::ProgressLine(int fd) : fd_(fd), is_terminal_(isatty(fd) == 1) {}

void ProgressLine::Show(absl::string_view text) {
  if (!is_terminal_) return;
  Write(absl::StrCat(kClearLine, text.substr(0, Columns(fd_) - 1)));
  dirty_ = true;
}

void ProgressLine::Clear() {
  if (dirty_) Write(kClearLine);
  dirty_ = false;
}

void ProgressLine::Write(absl::string_view text) const {
  // Whoever closed the terminal does not look at it.
  static_cast<void>(TEMP_FAILURE_RETRY(write(fd_, text.data(), text.size())));
}

}  // namespace udsecho::client
