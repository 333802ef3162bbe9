// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Scripts that let a shell complete the flags of an App and their values.
//
//   source <(client --completion=bash)
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_COMMAND_LINE_COMPLETION_H_
#define CLIENT_COMMAND_LINE_COMPLETION_H_

#include <string>

#include "CLI/CLI.hpp"

namespace udsecho::client {

std::string BashCompletion(const CLI::App& app);
std::string ZshCompletion(const CLI::App& app);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_COMPLETION_H_
