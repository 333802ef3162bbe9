// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace udsecho {
namespace {

absl::StatusOr<uds::UniqueFd> OpenOne(const std::string& path) {
  uds::UniqueFd fd;
  if (path.empty()) {
    fd.reset(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  } else if (path == "-") {
    fd.reset(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  } else {
    // Non-blocking, as a FIFO that nobody reads would hold up the start; writing may wait.
    fd.reset(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0640));
    if (fd.valid() && fcntl(fd.get(), F_SETFL, O_APPEND) != 0) fd.reset();
  }
  if (fd.valid()) return fd;
  if (path.empty()) return absl::ErrnoToStatus(errno, "cannot use standard error for the log");
  const std::string failed = absl::StrCat("cannot open the log file ", uds::Printable(path));
  if (errno != ENXIO) return absl::ErrnoToStatus(errno, failed);
  return absl::FailedPreconditionError(
      absl::StrCat(failed, ": nobody reads this FIFO; start its reader first"));
}

}  // namespace

absl::StatusOr<LogFiles> LogFiles::Open(const LogPaths& paths) {
  LogFiles files;
  files.paths_ = paths;
  absl::StatusOr<uds::UniqueFd> log = OpenOne(paths.log);
  if (!log.ok()) return log.status();
  files.log_ = *std::move(log);
  if (!paths.access.has_value() || paths.access->empty()) return files;
  absl::StatusOr<uds::UniqueFd> access = OpenOne(*paths.access);
  if (!access.ok()) return access.status();
  files.access_ = *std::move(access);
  return files;
}

absl::Status LogFiles::Reopen(const LogPaths& paths) {
  absl::StatusOr<LogFiles> opened = Open(paths);
  if (!opened.ok()) return opened.status();
  // Who writes to these numbers notices nothing.
  if (dup3(opened->log_fd(), log_fd(), O_CLOEXEC) < 0) {
    return absl::ErrnoToStatus(errno, "cannot change to the log file that was opened again");
  }
  if (access_.valid() && opened->access_.valid() &&
      dup3(opened->access_fd(), access_fd(), O_CLOEXEC) < 0) {
    return absl::ErrnoToStatus(errno, "cannot change to the access log that was opened again");
  }
  paths_ = opened->paths_;
  return absl::OkStatus();
}

bool StandardErrorIsJournal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file = {};
  if (stream == nullptr || fstat(STDERR_FILENO, &file) != 0) return false;
  return stream == absl::StrCat(file.st_dev, ":", file.st_ino);
}

}  // namespace udsecho
