// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "cli/program.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

absl::Status CannotWrite(absl::string_view name, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat(name, ": cannot write"));
}

absl::Status WriteAll(int fd, absl::string_view name, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = TEMP_FAILURE_RETRY(write(fd, bytes.data(), bytes.size()));
    if (written >= 0) {
      bytes.remove_prefix(written);
    } else if (errno == EAGAIN) {
      // Whoever shares the descriptor made it non-blocking.
      pollfd writable = {fd, POLLOUT, 0};
      TEMP_FAILURE_RETRY(poll(&writable, 1, -1));
    } else {
      return CannotWrite(name, errno);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Output::CheckWritable() const {
  const int flags = fcntl(fd_, F_GETFL);
  if (flags < 0) return CannotWrite(name_, errno);
  const bool writable = (flags & O_ACCMODE) != O_RDONLY && (flags & O_PATH) == 0;
  return writable ? absl::OkStatus() : CannotWrite(name_, EBADF);
}

absl::Status Output::AddLine(absl::string_view text) {
  buffer_.append(text.data(), text.size());
  buffer_.push_back('\n');
  return buffer_.size() > kBuffer ? Flush() : absl::OkStatus();
}

absl::Status Output::Add(absl::string_view bytes) {
  if (bytes.size() > kBuffer) {
    absl::Status status = Flush();
    status.Update(WriteAll(fd_, name_, bytes));
    return status;
  }
  buffer_.append(bytes.data(), bytes.size());
  return buffer_.size() > kBuffer ? Flush() : absl::OkStatus();
}

absl::Status Output::Flush() {
  absl::Status status = WriteAll(fd_, name_, buffer_);
  buffer_.clear();
  return status;
}

void Progress::Starting(absl::string_view address) { Write("Starting client for ", address); }

void Progress::GotBack(absl::string_view reply) { Write("Got back: ", reply); }

void Progress::Write(absl::string_view what, absl::string_view untrusted) {
  if (verbosity_ == Verbosity::kQuiet) return;
  WriteAll(fd_, "", absl::StrCat("INFO  ", what, uds::Printable(untrusted), "\n")).IgnoreError();
}

void WarnOn(int err, absl::string_view line) {
  WriteAll(err, "", absl::StrCat(cli::ClientName(), ": ", line, "\n")).IgnoreError();
}

}  // namespace udsecho::client
