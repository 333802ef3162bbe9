// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a process takes of the machine, by /proc. Aborts when the process has gone.
//
//   const int before = UsageOf(pid).descriptors;
//
// Thread safety: a free function without state.

#ifndef TESTS_SECURITY_PROCESS_USAGE_H_
#define TESTS_SECURITY_PROCESS_USAGE_H_

#include <sys/types.h>

#include <cstdint>

#include "absl/time/time.h"

namespace udsecho::security {

struct Usage {
  std::int64_t resident_bytes = 0;
  std::int64_t most_resident_bytes = 0;  // ever
  int threads = 0;
  int descriptors = 0;
  absl::Duration cpu;  // user and system, of all threads
};

Usage UsageOf(pid_t pid);

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_PROCESS_USAGE_H_
