// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/memory_guard.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "rpc/limits.h"

namespace rpc {
namespace {

// The fastest that was seen took 0.5 GB a second: 10 MB between two looks, and 3 MB when it gets
// near. A look takes 2 us.
constexpr absl::Duration kLook = absl::Milliseconds(20);
constexpr absl::Duration kCloseLook = absl::Milliseconds(6);

// What was closed takes some time to be freed.
constexpr absl::Duration kLookAfterShedding = absl::Milliseconds(250);

}  // namespace

MemoryGuard::MemoryGuard(EventLoop* loop, std::int64_t growth, std::function<void()> shed)
    : loop_(loop),
      statm_(open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
      start_(Resident()),
      growth_(growth),
      shed_(std::move(shed)) {}

void MemoryGuard::Begin(std::function<bool()> goes_on) {
  goes_on_ = std::move(goes_on);
  if (growth_ == Limits::kUnlimited) return;
  if (!std::exchange(looking_, true)) Look();
}

std::int64_t MemoryGuard::Resident() const {
  // proc(5): the size of the program and its resident part, in pages.
  std::array<char, 128> text{};
  const ssize_t count = pread(statm_.get(), text.data(), text.size(), 0);
  if (count <= 0) return 0;
  absl::string_view line(text.data(), static_cast<std::size_t>(count));
  line.remove_prefix(std::min(line.size(), line.find(' ') + 1));
  std::int64_t pages = 0;
  if (!absl::SimpleAtoi(line.substr(0, line.find(' ')), &pages)) return 0;
  return pages * sysconf(_SC_PAGESIZE);
}

void MemoryGuard::Look() {
  if (!goes_on_()) {
    looking_ = false;
    malloc_trim(0);
    return;
  }
  absl::Duration next = Growth() < growth_ / 2 ? kLook : kCloseLook;
  if (Growth() > growth_) {
    malloc_trim(0);  // what was freed by now
    if (Growth() > growth_) shed_();
    next = kLookAfterShedding;
  }
  loop_->After(next, [this] { Look(); });
}

}  // namespace rpc
