// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "uds/callers_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "uds/printable.h"

namespace uds {

namespace {

// `bazel run` starts x in x.runfiles/WORKSPACE. Both paths are as the kernel knows them, without
// symlinks.
bool BazelRunsThis() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return false;
  const std::filesystem::path directory = std::filesystem::current_path(error);
  return !error && absl::StartsWith(directory.native(), program.native() + ".runfiles/");
}

}  // namespace

absl::Status EnterCallersDirectory() {
  const char* directory = std::getenv("BUILD_WORKING_DIRECTORY");
  if (directory == nullptr || *directory == '\0' || !BazelRunsThis()) return absl::OkStatus();
  if (chdir(directory) == 0) return absl::OkStatus();
  return absl::ErrnoToStatus(
      errno, absl::StrCat("cannot enter ", Printable(directory),
                          ", which $BUILD_WORKING_DIRECTORY says the command was typed in; "
                          "unset it, or run from a directory that exists"));
}

}  // namespace uds
