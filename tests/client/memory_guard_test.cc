// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/memory_guard.h"

#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>

#include "gtest/gtest.h"

namespace udsecho::client {
namespace {

std::size_t Resident() {
  std::size_t size = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void TakeMemory() {
  const MemoryGuard guard(STDERR_FILENO, Resident() + (std::size_t{50} << 20));
  constexpr std::size_t kMore = std::size_t{100} << 20;
  const auto memory = std::make_unique<char[]>(kMore);
  std::memset(memory.get(), 1, kMore);
  pause();
}

TEST(MemoryGuardDeathTest, TheProcessEndsWithASentence) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(TakeMemory(), testing::ExitedWithCode(64 + 8), "client: more than .* MiB of memory");
}

TEST(MemoryGuardTest, ItEndsWithItsOwner) {
  for (int i = 0; i < 100; ++i) const MemoryGuard guard(STDERR_FILENO);
}

}  // namespace
}  // namespace udsecho::client
