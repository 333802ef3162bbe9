// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Scripts that let a shell complete a command line: flags, their values, files, and the sockets
// that ADDRESS, the first word, may be.
//
//   source <(client --completion=bash)
//   source <(client --completion=zsh)       or a file _client in a directory of $fpath
//   client --completion=fish | source
//
// Thread safety: pure functions.

#ifndef CLI_COMPLETION_H_
#define CLI_COMPLETION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/flag.h"

namespace udsecho::cli {

// The shells, as the type of the flag --completion.
inline constexpr char kShells[] = "bash|zsh|fish";

// Without the last line feed. `program` is how it was called, with or without a directory: the
// script completes for its last part. INVALID_ARGUMENT for another shell than those, or a name that
// has no place in a script.
absl::StatusOr<std::string> Completion(const std::vector<Flag>& flags, absl::string_view program,
                                       absl::string_view shell);

}  // namespace udsecho::cli

#endif  // CLI_COMPLETION_H_
