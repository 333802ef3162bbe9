// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A size as a person types it: 64MiB, 4MB, or a bare number of bytes.
//
//   const absl::StatusOr<int64_t> memory = cli::ParseSize("--max_memory", text);
//
// Thread safety: pure functions.

#ifndef CLI_SIZE_H_
#define CLI_SIZE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho::cli {

// In bytes. KiB, MiB and GiB are powers of 1024; kB, MB and GB of 1000. INVALID_ARGUMENT, naming
// `flag`, for what is no size, is below zero, or has no room in the result.
absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text);

// In the largest binary unit that divides it: "4MiB", "1500B".
std::string FormatSize(int64_t bytes);

}  // namespace udsecho::cli

#endif  // CLI_SIZE_H_
