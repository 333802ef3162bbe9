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
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "rpc/limits.h"

namespace rpc {
namespace {

// The fastest that was seen took 1.6 GB a second: 16 MB between two looks, and 6 MB when it gets
// near. A look takes 2 us.
constexpr absl::Duration kLook = absl::Milliseconds(10);
constexpr absl::Duration kCloseLook = absl::Milliseconds(4);

// For so long the memory goes on growing as fast when the connections were ended: gRPC still
// handles what it has read of them. Measured with 50 that send PINGs: 22 to 30 MB more.
constexpr absl::Duration kShedding = absl::Milliseconds(25);

// What gRPC frees of connections that have ended comes after all has gone quiet.
constexpr absl::Duration kLateFreeing = absl::Seconds(2);

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
    loop_->After(kLateFreeing, [this] {
      if (!looking_) malloc_trim(0);
    });
    return;
  }
  const std::int64_t forecast = Forecast();
  absl::Duration next = forecast < growth_ / 2 ? kLook : kCloseLook;
  if (forecast > growth_) {
    malloc_trim(0);  // what was freed by now
    if (Forecast() > growth_) next = ShedOrWait();
  }
  seen_ = Growth();
  seen_at_ = absl::Now();
  loop_->After(next, [this] { Look(); });
}

// How long it takes to see what that did.
absl::Duration MemoryGuard::ShedOrWait() {
  const bool still_freeing = absl::Now() < shed_at_ + kFreeing;
  if (still_freeing && Growth() <= seen_) return kLook;
  shed_();
  shed_at_ = absl::Now();
  return kShedding;
}

std::int64_t MemoryGuard::Forecast() const {
  const std::int64_t growth = Growth();
  const absl::Duration since = absl::Now() - seen_at_;
  if (growth <= seen_ || since < kCloseLook / 2) return growth;
  return growth + static_cast<std::int64_t>(static_cast<double>(growth - seen_) *
                                            absl::FDivDuration(kShedding, since));
}

}  // namespace rpc
