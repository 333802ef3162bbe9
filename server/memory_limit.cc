// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/memory_limit.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace udsecho {
namespace {

// Version 1 writes about as much for "none" (PAGE_COUNTER_MAX in the kernel's page_counter.h).
constexpr int64_t kNone = int64_t{1} << 60;

int64_t LimitIn(const std::string& file) {
  std::string text;
  int64_t limit = kNone;
  if (std::ifstream(file) >> text && absl::SimpleAtoi(text, &limit)) return std::min(limit, kNone);
  return kNone;  // no such file, or "max"
}

// The lowest in the folder `path` below `top`, and in those above it.
int64_t LowestOf(const std::string& top, std::string path, absl::string_view file) {
  int64_t lowest = kNone;
  for (;;) {
    lowest = std::min(lowest, LimitIn(absl::StrCat(top, path, "/", file)));
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return lowest;
    path.resize(slash);
  }
}

}  // namespace

std::optional<int64_t> CgroupMemoryLimit(const std::string& root) {
  const std::string cgroups = absl::StrCat(root, "sys/fs/cgroup");
  int64_t lowest = kNone;
  std::ifstream lines(absl::StrCat(root, "proc/self/cgroup"));
  // "0::/path" in version 2, "7:cpu,memory:/path" in version 1.
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      lowest = std::min(lowest, LowestOf(cgroups, parts[2], "memory.max"));
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      const std::string top = absl::StrCat(cgroups, "/memory");
      lowest = std::min(lowest, LowestOf(top, parts[2], "memory.limit_in_bytes"));
    }
  }
  if (lowest == kNone) return std::nullopt;
  return lowest;
}

int64_t DefaultMaxMemory(std::optional<int64_t> cgroup_limit, int64_t usual, int64_t least) {
  if (!cgroup_limit.has_value()) return usual;
  return std::max(std::min(usual, *cgroup_limit / 2), least);
}

}  // namespace udsecho
