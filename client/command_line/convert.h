// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// From what was typed to what is meant.
//
//   absl::StatusOr<Options> options = Convert(raw);
//
// Thread safety: a pure function.

#ifndef CLIENT_COMMAND_LINE_CONVERT_H_
#define CLIENT_COMMAND_LINE_CONVERT_H_

#include "absl/status/statusor.h"
#include "client/command_line/flags.h"
#include "client/options.h"

namespace udsecho::client {

// INVALID_ARGUMENT, naming the flag, for values that make no sense, alone or together.
absl::StatusOr<Options> Convert(const RawOptions& raw);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_CONVERT_H_
