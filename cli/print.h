// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Text for standard output that a program prints before it ends: --help and its like.
//
//   if (absl::Status status = cli::Print(help); !status.ok()) return Fail(status);
//
// Thread safety: a free function without state.

#ifndef CLI_PRINT_H_
#define CLI_PRINT_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace udsecho::cli {

// Writes all of `text` to the descriptor, or says why that failed: a full disk, a closed pipe.
absl::Status Print(absl::string_view text, int fd = 1);

}  // namespace udsecho::cli

#endif  // CLI_PRINT_H_
