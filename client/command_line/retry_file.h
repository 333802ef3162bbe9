// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A retry policy from a file: --retry=@FILE.
//
// Thread safety: a free function without state.

#ifndef CLIENT_COMMAND_LINE_RETRY_FILE_H_
#define CLIENT_COMMAND_LINE_RETRY_FILE_H_

#include "client/exit_code.h"
#include "client/options.h"

namespace udsecho::client {

// Sets options->retry if there is an options->retry_file.
Outcome ReadRetryFile(CallOptions* options);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_RETRY_FILE_H_
