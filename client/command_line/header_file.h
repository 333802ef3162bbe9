// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Headers from files: -H @FILE.
//
//   # one header a line, as after -H
//   authorization: Bearer abc
//   trace-bin: AAECAw==
//
// Empty lines and those that begin with '#' are skipped, and so is white space around a line. A FILE may be
// a pipe, as in -H @<(pass show token).
//
// Thread safety: free functions without state.

#ifndef CLIENT_COMMAND_LINE_HEADER_FILE_H_
#define CLIENT_COMMAND_LINE_HEADER_FILE_H_

#include <cstddef>

#include "client/exit_code.h"
#include "client/options.h"

namespace udsecho::client {

// In bytes. Servers take some 8 to 64 KiB of headers.
inline constexpr size_t kMaxHeaderFile = 1024 * 1024;

// Adds the headers of options->metadata_files to options->metadata. An error names the file and the line, and
// does not quote the line: a value may be secret.
Outcome ReadHeaderFiles(CallOptions* options);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_HEADER_FILE_H_
