// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A descriptor to write to, whose content a test can look at.
//
// Thread safety: none.

#ifndef TESTS_SERVER_CAPTURE_H_
#define TESTS_SERVER_CAPTURE_H_

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "uds/unique_fd.h"

namespace udsecho {

class Capture {
 public:
  Capture() : fd_(memfd_create("capture", MFD_CLOEXEC)) {
    if (!fd_.valid()) std::abort();
  }

  int fd() const { return fd_.get(); }

  std::string text() const {
    struct stat file;
    if (fstat(fd(), &file) != 0) std::abort();
    std::string text(file.st_size, '\0');
    if (pread(fd(), text.data(), text.size(), 0) != file.st_size) std::abort();
    return text;
  }

  // Without their line feeds. The last one has to have one, too.
  std::vector<std::string> lines() const {
    std::vector<std::string> lines = absl::StrSplit(text(), '\n');
    if (!lines.back().empty()) std::abort();
    lines.pop_back();
    return lines;
  }

 private:
  uds::UniqueFd fd_;
};

}  // namespace udsecho

#endif  // TESTS_SERVER_CAPTURE_H_
