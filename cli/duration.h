// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A duration as a person types it: 10s, 500ms, 1m30s, or a bare number of seconds.
//
//   const absl::StatusOr<absl::Duration> grace = cli::ParseDuration("--grace", text);
//
// Thread safety: a pure function.

#ifndef CLI_DURATION_H_
#define CLI_DURATION_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace udsecho::cli {

// INVALID_ARGUMENT, naming `flag`, for what is no duration. May be below zero, or infinite: what
// makes sense is for the flag to say.
absl::StatusOr<absl::Duration> ParseDuration(absl::string_view flag, absl::string_view text);

// The same, and INVALID_ARGUMENT for less than `least` or more than `most`.
absl::StatusOr<absl::Duration> ParseDurationWithin(absl::string_view flag, absl::string_view text,
                                                   absl::Duration least, absl::Duration most);

}  // namespace udsecho::cli

#endif  // CLI_DURATION_H_
