// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/memory_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace udsecho {
namespace {

using ::testing::Eq;
using ::testing::Optional;

constexpr int64_t kMiB = 1 << 20;

class MemoryLimitTest : public ::testing::Test {
 protected:
  void Write(const std::string& file, const std::string& text) const {
    const std::filesystem::path path = root() + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
  }
  std::string root() const { return dir_.Path(""); }
  std::optional<int64_t> Limit() const {
    const std::optional<MemoryLimit> limit = TightestMemoryLimit(root());
    return limit.has_value() ? std::optional<int64_t>(limit->bytes) : std::nullopt;
  }

 private:
  const support::TempDir dir_;
};

TEST_F(MemoryLimitTest, Version2) {
  Write("proc/self/cgroup", "0::/system.slice/echo.service");
  Write("sys/fs/cgroup/system.slice/echo.service/memory.max", "67108864");
  EXPECT_THAT(Limit(), Optional(64 * kMiB));
}

TEST_F(MemoryLimitTest, OneFurtherUpIsLower) {
  Write("proc/self/cgroup", "0::/a/b");
  Write("sys/fs/cgroup/a/b/memory.max", "max");
  Write("sys/fs/cgroup/a/memory.max", "33554432");
  Write("sys/fs/cgroup/memory.max", "67108864");
  EXPECT_THAT(Limit(), Optional(32 * kMiB));
}

// A cgroup namespace, as containers have.
TEST_F(MemoryLimitTest, OfTheRoot) {
  Write("proc/self/cgroup", "0::/");
  Write("sys/fs/cgroup/memory.max", "67108864");
  EXPECT_THAT(Limit(), Optional(64 * kMiB));
}

TEST_F(MemoryLimitTest, Version1) {
  Write("proc/self/cgroup", "3:cpu,cpuacct:/x\n2:hugetlb,memory:/docker/1\n1:name=systemd:/y");
  Write("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "67108864");
  Write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_THAT(Limit(), Optional(64 * kMiB));
}

// The kernel slows down a process over it.
TEST_F(MemoryLimitTest, Version2High) {
  Write("proc/self/cgroup", "0::/a");
  Write("sys/fs/cgroup/a/memory.max", "134217728");
  Write("sys/fs/cgroup/a/memory.high", "67108864");
  EXPECT_THAT(Limit(), Optional(64 * kMiB));
}

// A container without a cgroup namespace: what it sees at the top is its own group.
TEST_F(MemoryLimitTest, Version1OfAContainer) {
  Write("proc/self/cgroup", "2:memory:/docker/1");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "67108864");
  EXPECT_THAT(Limit(), Optional(64 * kMiB));
}

TEST_F(MemoryLimitTest, Version1TellsOfGroupsThatAreNotSeen) {
  Write("proc/self/cgroup", "2:memory:/docker/1");
  Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712");
  Write("sys/fs/cgroup/memory/memory.stat",
        "cache 0\nhierarchical_memory_limit 33554432\ntotal_cache 0");
  EXPECT_THAT(Limit(), Optional(32 * kMiB));
}

TEST_F(MemoryLimitTest, OfTheProcess) {
  Write("proc/self/statm", "20480 1 1 1 0 10240 0");  // pages: 80 MiB, of which 40 MiB are data
  for (const auto& [limit, name] :
       {std::pair(RLIMIT_AS, "ulimit -v"), {RLIMIT_DATA, "ulimit -d"}}) {
    const std::string told = name;
    support::ChildProcess child([&, limit = limit](support::Doorbell&) {
      const rlimit allowed = {1024 * kMiB, 1024 * kMiB};
      if (setrlimit(limit, &allowed) != 0) return 1;
      const std::optional<MemoryLimit> left = TightestMemoryLimit(root());
      EXPECT_TRUE(left.has_value());
      EXPECT_LT(left->bytes, 1024 * kMiB - (limit == RLIMIT_AS ? 80 : 40) * kMiB);
      EXPECT_GT(left->bytes, 512 * kMiB);
      EXPECT_THAT(left->what, ::testing::HasSubstr(told));
      return 0;
    });
    EXPECT_EQ(child.Wait(), 0);
  }
}

TEST_F(MemoryLimitTest, None) {
  EXPECT_THAT(Limit(), Eq(std::nullopt));
  Write("proc/self/cgroup", "0::/a\nnonsense");
  EXPECT_THAT(Limit(), Eq(std::nullopt));
  Write("sys/fs/cgroup/a/memory.max", "max");
  EXPECT_THAT(Limit(), Eq(std::nullopt));
}

TEST(DefaultMaxMemoryTest, HalfOfTheCgroupsLimitWithinItsBounds) {
  EXPECT_EQ(DefaultMaxMemory(4096 * kMiB, 256 * kMiB, 16 * kMiB), 256 * kMiB);
  EXPECT_EQ(DefaultMaxMemory(64 * kMiB, 256 * kMiB, 16 * kMiB), 32 * kMiB);
  EXPECT_EQ(DefaultMaxMemory(20 * kMiB, 256 * kMiB, 16 * kMiB), 16 * kMiB);
}

}  // namespace
}  // namespace udsecho
