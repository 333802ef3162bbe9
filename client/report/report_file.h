// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The file of --report. It is opened before the load begins, so that a name that cannot be had is told
// then; an older report stays as it was until there is a new one.
//
//   ReportFile file("report.html", STDOUT_FILENO);
//   if (absl::Status status = file.Open(); !status.ok()) ...
//   ...
//   file.Write(ReportPage(result));
//
// Thread safety: none. Ownership: owns the file, and borrows standard output.

#ifndef CLIENT_REPORT_REPORT_FILE_H_
#define CLIENT_REPORT_REPORT_FILE_H_

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class ReportFile {
 public:
  // "-" is `standard_output`; an empty name is no file: then Open() does nothing.
  ReportFile(std::string name, int standard_output)
      : name_(std::move(name)), standard_output_(standard_output) {}
  // Removes a file that Open() made, and that nothing was written to.
  ~ReportFile();
  ReportFile(const ReportFile&) = delete;
  ReportFile& operator=(const ReportFile&) = delete;

  bool is_standard_output() const { return name_ == "-"; }

  // Of standard output, Open() only looks whether it can be written. The errors of both say which
  // flag, which file, and why.
  absl::Status Open();
  absl::Status Write(absl::string_view page);

 private:
  absl::Status WithName(const absl::Status& status) const;

  const std::string name_;
  const int standard_output_;
  uds::UniqueFd fd_;
  bool is_new_ = false;
};

}  // namespace udsecho::client

#endif  // CLIENT_REPORT_REPORT_FILE_H_
