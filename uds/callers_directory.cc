// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/callers_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace uds {

absl::Status EnterCallersDirectory() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory == nullptr || *directory == '\0') return absl::OkStatus();
  if (chdir(directory) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot enter ", Printable(directory),
                          ", which $BUILD_WORKING_DIRECTORY says the command was typed in; "
                          "unset it, or run from a directory that exists"));
}

}  // namespace uds
