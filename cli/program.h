// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What the programs call themselves in their help and their errors.
//
//   std::cerr << cli::ServerName() << ": cannot start a thread\n";
//
// Debian's packages install them as udsechod and udsecho (tools/package). A program that was started by
// that name uses it, and otherwise that of its Bazel target: another name, such as that of a link, is not
// repeated, because it may be anything.
//
// Thread safety: pure functions.

#ifndef CLI_PROGRAM_H_
#define CLI_PROGRAM_H_

#include <errno.h>

#include "absl/strings/string_view.h"

namespace udsecho::cli {

inline absl::string_view NameIfStartedAs(absl::string_view installed, absl::string_view target) {
  return installed == program_invocation_short_name ? installed : target;
}

inline absl::string_view ServerName() { return NameIfStartedAs("udsechod", "server"); }
inline absl::string_view ClientName() { return NameIfStartedAs("udsecho", "client"); }

}  // namespace udsecho::cli

#endif  // CLI_PROGRAM_H_
