// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A whole number as a person types it.
//
//   const absl::StatusOr<int64_t> threads = cli::ParseInteger("--threads", text, 1, 64);
//
// Thread safety: a pure function.

#ifndef CLI_INTEGER_H_
#define CLI_INTEGER_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho::cli {

// INVALID_ARGUMENT, naming `flag`, for what is no whole number from `least` to `most`.
absl::StatusOr<int64_t> ParseInteger(absl::string_view flag, absl::string_view text, int64_t least,
                                     int64_t most);

}  // namespace udsecho::cli

#endif  // CLI_INTEGER_H_
