// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a flag's "@FILE" names, whole.
//
//   absl::StatusOr<std::string> payload = ReadFile("--payload", "body.bin", STDIN_FILENO);
//
// Thread safety: the function holds nothing.

#ifndef CLIENT_READ_FILE_H_
#define CLIENT_READ_FILE_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace udsecho::client {

// In bytes: more than a server takes in one message, and no more than one can send.
inline constexpr size_t kMostOfAFile = 64 * 1024 * 1024;

// "-" is `in`. The errors of opening and reading, and RESOURCE_EXHAUSTED if there is more; they begin with
// the flag, and are printable.
absl::StatusOr<std::string> ReadFile(absl::string_view flag, const std::string& name, int in);

}  // namespace udsecho::client

#endif  // CLIENT_READ_FILE_H_
