// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/memory_guard.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <memory>
#include <optional>

namespace rpc {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

// Memory that is there, and is gone when it says so: what an allocator keeps is its own affair.
class Hoard {
 public:
  explicit Hoard(std::size_t bytes)
      : bytes_(bytes),
        start_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    std::memset(start_, 1, bytes_);
  }
  ~Hoard() { munmap(start_, bytes_); }
  Hoard(const Hoard&) = delete;
  Hoard& operator=(const Hoard&) = delete;

 private:
  const std::size_t bytes_;
  void* const start_;
};

class MemoryGuardTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLoop> loop_ = *EventLoop::Create();
};

TEST_F(MemoryGuardTest, KnowsWhatThereIs) {
  const MemoryGuard guard(loop_.get(), kMiB, [] {});
  const std::int64_t before = guard.Resident();
  EXPECT_GT(before, 0);
  const Hoard hoard(32 * kMiB);
  EXPECT_GE(guard.Resident(), before + 30 * kMiB);
}

TEST_F(MemoryGuardTest, ShedsUntilThereIsLessAndThenNoMore) {
  std::optional<Hoard> first;
  std::optional<Hoard> second;
  int sheds = 0;
  MemoryGuard guard(loop_.get(), 64 * kMiB, [&] { ++sheds == 1 ? first.reset() : second.reset(); });
  first.emplace(40 * kMiB);
  second.emplace(120 * kMiB);
  int looks = 0;
  guard.Begin([&] {
    if (sheds == 2 && ++looks == 5) loop_->Quit();
    return true;
  });
  loop_->Run();
  EXPECT_EQ(sheds, 2);
}

TEST_F(MemoryGuardTest, EndsLookingWhenAllIsQuiet) {
  int looks = 0;
  MemoryGuard guard(loop_.get(), 64 * kMiB, [] { ADD_FAILURE(); });
  guard.Begin([&] { return ++looks < 3; });
  loop_->After(absl::Milliseconds(200), [this] { loop_->Quit(); });
  loop_->Run();
  EXPECT_EQ(looks, 3);
}

}  // namespace
}  // namespace rpc
