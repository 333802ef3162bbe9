// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A directory of a test's own, with a path short enough for a Unix socket inside.
//
//   support::TempDir dir;
//   Listen(dir.Path("sock1"));  // "/tmp/uds.ab12CD/sock1"
//
// TEST_TMPDIR is too long under Bazel: a socket's path has 107 bytes at most.
// Aborts when the directory cannot be made. Removed, with all in it, at the end.

#ifndef TESTS_SUPPORT_TEMP_DIR_H_
#define TESTS_SUPPORT_TEMP_DIR_H_

#include <string>

#include "absl/strings/string_view.h"

namespace support {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  // 15 bytes, without a slash at the end.
  const std::string& path() const { return path_; }
  std::string Path(absl::string_view name) const;

 private:
  std::string path_;
};

}  // namespace support

#endif  // TESTS_SUPPORT_TEMP_DIR_H_
