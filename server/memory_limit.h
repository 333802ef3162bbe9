// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much the kernel lets this process have, of memory and of descriptors, and what the server
// should take of it.
//
//   if (const auto limit = TightestMemoryLimit(); limit.has_value()) {
//     limits.max_memory_bytes = DefaultMaxMemory(limit->bytes, usual, least);
//   }
//
// Thread safety: free functions without state.

#ifndef SERVER_MEMORY_LIMIT_H_
#define SERVER_MEMORY_LIMIT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace udsecho {

struct MemoryLimit {
  int64_t bytes = 0;  // for all that the process takes from now on
  std::string what;   // such as "the memory cgroup allows 64MiB"
};

// The lowest of the limits of this process: those of its memory cgroup and of those above it
// (cgroups(7), both versions; memory.max, and memory.high, over which the kernel slows a process
// down), and RLIMIT_AS and RLIMIT_DATA less what the process has already, and what its threads will
// reserve. Nullopt if there is none, or /proc and /sys do not tell. `root`: where these are.
std::optional<MemoryLimit> TightestMemoryLimit(const std::string& root = "/");

// `usual`, or what fits into a limit of `limit` bytes if that is less; at least `least`. The
// process takes up to 16 MiB more than --max_memory, and the kernel counts the buffers of its
// sockets too.
int64_t DefaultMaxMemory(int64_t limit, int64_t usual, int64_t least);

}  // namespace udsecho

#endif  // SERVER_MEMORY_LIMIT_H_
