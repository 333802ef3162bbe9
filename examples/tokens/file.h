// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Reads a small file that an administrator wrote.
//
//   absl::StatusOr<std::string> key = tokens::ReadSmallFile(path, tokens::Secrecy::kSecret);
//
// Blocks: call it on a thread that may. Thread safety: a free function without state.

#ifndef TOKENS_FILE_H_
#define TOKENS_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace tokens {

enum class Secrecy {
  kNone,
  kSecret,  // FAILED_PRECONDITION if others than the owner and the group can read it
};

// The whole file, 64 KiB at the most. A pipe or a device is refused and not waited for, and so is a
// file that others than its owner can write.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, Secrecy secrecy);

}  // namespace tokens

#endif  // TOKENS_FILE_H_
