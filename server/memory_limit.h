// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much memory the kernel lets this process have, and what the server should take of it.
//
//   limits.max_memory_bytes = DefaultMaxMemory(CgroupMemoryLimit(), usual, least);
//
// Thread safety: free functions without state.

#ifndef SERVER_MEMORY_LIMIT_H_
#define SERVER_MEMORY_LIMIT_H_

#include <cstdint>
#include <optional>
#include <string>

namespace udsecho {

// The lowest limit, in bytes, of this process's memory cgroup and those above it (cgroups(7), both
// versions). Nullopt if there is none, or /proc and /sys do not tell. `root`: where these are.
std::optional<int64_t> CgroupMemoryLimit(const std::string& root = "/");

// `usual`, or half of the cgroup's limit if that is less: the process takes up to 16 MiB more than
// --max_memory, and the kernel counts the buffers of its sockets too. At least `least`.
int64_t DefaultMaxMemory(std::optional<int64_t> cgroup_limit, int64_t usual, int64_t least);

}  // namespace udsecho

#endif  // SERVER_MEMORY_LIMIT_H_
