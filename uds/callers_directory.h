// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The directory in which the user typed the command.
//
// `bazel run` starts a program in its runfiles tree and names the user's directory in
// $BUILD_WORKING_DIRECTORY. Going there makes a relative path mean what the user meant, and keeps
// it short, which matters within a Unix socket's 107 bytes.
//
//   int main(int argc, char** argv) {
//     if (absl::Status status = uds::EnterCallersDirectory(); !status.ok()) return Fail(status);
//
// Thread safety: changes the working directory of the whole process: call it first in main.

#ifndef UDS_CALLERS_DIRECTORY_H_
#define UDS_CALLERS_DIRECTORY_H_

#include "absl/status/status.h"

namespace uds {

// Does nothing when $BUILD_WORKING_DIRECTORY is unset or empty, and when it is not Bazel that runs
// this program: one that was started by `bazel run` hands the variable on to what it starts. Bazel
// starts a program in its own runfiles tree, and nobody else does. Otherwise an error (NotFound,
// PermissionDenied, ...) means that the working directory is as it was.
absl::Status EnterCallersDirectory();

}  // namespace uds

#endif  // UDS_CALLERS_DIRECTORY_H_
