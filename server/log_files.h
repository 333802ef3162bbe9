// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The descriptors that the log and the access log are written to. They can be opened anew while
// they are written to: logrotate renames a file and asks for that with SIGHUP.
//
//   absl::StatusOr<LogFiles> files = LogFiles::Open({.log = "/var/log/udsecho.log"});
//   Log log({.fd = files->log_fd()});
//   ...
//   if (absl::Status status = files->Reopen(paths); !status.ok()) ...   // all is as before
//
// A line that is being written goes to the old file as a whole, the next one to the new file.
//
// Thread safety: Reopen() while others write is fine; Reopen() and paths() by one thread at a time.
// Ownership: owns the descriptors, whose numbers stay the same.

#ifndef SERVER_LOG_FILES_H_
#define SERVER_LOG_FILES_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "uds/unique_fd.h"

namespace udsecho {

struct LogPaths {
  std::string log;                    // empty: standard error; "-": standard output
  std::optional<std::string> access;  // unset: none; empty: its lines are the log's; or as log
};

class LogFiles {
 public:
  // Files are appended to, and made (mode 0640) where there is none. The status names the file.
  static absl::StatusOr<LogFiles> Open(const LogPaths& paths);

  int log_fd() const { return log_.get(); }
  int access_fd() const { return access_.get(); }  // -1 if there is no such file

  // Opens all of them again, then changes to them. If one cannot be opened, nothing changes. Does
  // not make or take away an access log.
  absl::Status Reopen(const LogPaths& paths);

  // What they are now.
  const LogPaths& paths() const { return paths_; }

 private:
  LogPaths paths_;
  uds::UniqueFd log_;
  uds::UniqueFd access_;
};

// Whether standard error goes to systemd's journal, which gives each line a time.
bool StandardErrorIsJournal();

}  // namespace udsecho

#endif  // SERVER_LOG_FILES_H_
