// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/memory_limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/size.h"

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

// Of version 1, which tells the lowest of the folders above too, also of those that a container does
// not see.
int64_t HierarchicalLimitIn(const std::string& file) {
  std::ifstream lines(file);
  std::string name;
  int64_t value = kNone;
  while (lines >> name >> value) {
    if (name == "hierarchical_memory_limit") return std::min(value, kNone);
  }
  return kNone;
}

int64_t CgroupLimit(const std::string& root) {
  const std::string cgroups = absl::StrCat(root, "sys/fs/cgroup");
  int64_t lowest = kNone;
  std::ifstream lines(absl::StrCat(root, "proc/self/cgroup"));
  // "0::/path" in version 2, "7:cpu,memory:/path" in version 1.
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<absl::string_view> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      lowest = std::min({lowest, LowestOf(cgroups, parts[2], "memory.max"),
                         LowestOf(cgroups, parts[2], "memory.high")});
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      const std::string top = absl::StrCat(cgroups, "/memory");
      lowest = std::min({lowest, LowestOf(top, parts[2], "memory.limit_in_bytes"),
                         HierarchicalLimitIn(absl::StrCat(top, parts[2], "/memory.stat")),
                         HierarchicalLimitIn(absl::StrCat(top, "/memory.stat"))});
    }
  }
  return lowest;
}

// What is left of a limit on the process. `has`: the column of statm(5) that counts against it;
// `reserved`: what threads will take.
int64_t LeftOf(int limit, const std::string& root, int has, int64_t reserved) {
  rlimit allowed = {};
  if (getrlimit(static_cast<__rlimit_resource>(limit), &allowed) != 0 ||
      allowed.rlim_cur == RLIM_INFINITY) {
    return kNone;
  }
  std::ifstream statm(absl::StrCat(root, "proc/self/statm"));
  int64_t pages = 0;
  for (int column = 0; column <= has; ++column) {
    if (!(statm >> pages)) pages = 0;
  }
  const auto bytes = static_cast<int64_t>(std::min<rlim_t>(allowed.rlim_cur, kNone));
  return std::max<int64_t>(bytes - pages * sysconf(_SC_PAGESIZE) - reserved, 0);
}

}  // namespace

std::optional<MemoryLimit> TightestMemoryLimit(const std::string& root) {
  constexpr int64_t kMiB = 1 << 20;
  // Two threads besides this one, for the log and the watchdog: 8 MiB of stack each, and as address
  // space the 128 MiB out of which glibc cuts the 64 MiB of a thread's arena.
  constexpr int64_t kStacks = 2 * 8 * kMiB;
  constexpr int64_t kArenas = 2 * 128 * kMiB;
  constexpr int kSizeColumn = 0;
  constexpr int kDataColumn = 5;
  const int64_t cgroup = CgroupLimit(root);
  const int64_t address_space = LeftOf(RLIMIT_AS, root, kSizeColumn, kStacks + kArenas);
  const int64_t data = LeftOf(RLIMIT_DATA, root, kDataColumn, kStacks);
  const int64_t lowest = std::min({cgroup, address_space, data});
  if (lowest == kNone) return std::nullopt;
  const std::string size = cli::FormatSize(lowest < kMiB ? lowest : lowest / kMiB * kMiB);
  if (lowest == cgroup) return MemoryLimit{lowest, absl::StrCat("the memory cgroup allows ", size)};
  const char* const flag = lowest == address_space ? "-v" : "-d";
  return MemoryLimit{lowest,
                     absl::StrCat("the limits of the process (`ulimit ", flag, "`) leave ", size)};
}

int64_t DefaultMaxMemory(int64_t limit, int64_t usual, int64_t least) {
  constexpr int64_t kMiB = 1 << 20;
  return std::max(std::min(usual, limit / 2 / kMiB * kMiB), least);
}

}  // namespace udsecho
