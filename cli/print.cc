// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "cli/print.h"

#include <unistd.h>

#include <cerrno>

namespace udsecho::cli {

absl::Status Print(absl::string_view text, int fd) {
  while (!text.empty()) {
    const ssize_t written = TEMP_FAILURE_RETRY(write(fd, text.data(), text.size()));
    if (written < 0) return absl::ErrnoToStatus(errno, "cannot write to standard output");
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace udsecho::cli
