// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/report/report_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "client/output.h"

namespace udsecho::client {
namespace {

constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC;

}  // namespace

ReportFile::~ReportFile() {
  if (is_new_) static_cast<void>(unlink(name_.c_str()));
}

absl::Status ReportFile::Open() {
  if (name_.empty()) return absl::OkStatus();
  if (is_standard_output()) return WithName(Output(standard_output_).CheckWritable());
  fd_.reset(open(name_.c_str(), kFlags | O_EXCL, 0666));
  is_new_ = fd_.valid();
  if (!is_new_ && errno == EEXIST) fd_.reset(open(name_.c_str(), kFlags, 0666));
  if (fd_.valid()) return absl::OkStatus();
  return absl::ErrnoToStatus(errno, absl::StrCat("--report: cannot write ", name_));
}

absl::Status ReportFile::Write(absl::string_view page) {
  Output output(is_standard_output() ? standard_output_ : fd_.get());
  // It fails for what has no length: a pipe, a terminal.
  [[maybe_unused]] const int ignored = is_standard_output() ? 0 : ftruncate(fd_.get(), 0);
  absl::Status status = output.Add(page);
  status.Update(output.Flush());
  is_new_ = false;
  return WithName(status);
}

absl::Status ReportFile::WithName(const absl::Status& status) const {
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat("--report: ", is_standard_output() ? "standard output" : name_,
                                   ": ", status.message()));
}

}  // namespace udsecho::client
