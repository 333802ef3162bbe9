// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/support/temp_dir.h"

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace support {

TempDir::TempDir() {
  char name[] = "/tmp/uds.XXXXXX";
  if (mkdtemp(name) == nullptr) {
    std::perror("mkdtemp /tmp/uds.XXXXXX");
    std::abort();
  }
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Path(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

}  // namespace support
