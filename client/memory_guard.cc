// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/memory_guard.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/output.h"
#include "uds/unique_fd.h"

namespace udsecho::client {
namespace {

// In which a fast server sends 100 MB.
constexpr std::chrono::milliseconds kLook{50};

// The second number of /proc/self/statm, in pages: proc(5). 0 if it cannot be read.
std::size_t ResidentBytes(int statm, std::size_t page) {
  char text[128] = {};
  if (pread(statm, text, sizeof(text) - 1, 0) <= 0) return 0;
  unsigned long size = 0;
  unsigned long resident = 0;
  return std::sscanf(text, "%lu %lu", &size, &resident) == 2 ? resident * page : 0;
}

}  // namespace

MemoryGuard::MemoryGuard(int err, std::size_t most)
    : thread_([this, err, most] { Watch(err, most); }) {}

MemoryGuard::~MemoryGuard() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
  }
  ends_.notify_one();
  thread_.join();
}

void MemoryGuard::Watch(int err, std::size_t most) {
  const uds::UniqueFd statm(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!statm.valid()) return;  // a system without /proc
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::unique_lock<std::mutex> lock(mutex_);
  while (!ends_.wait_for(lock, kLook, [this] { return ended_; })) {
    if (ResidentBytes(statm.get(), page) <= most) continue;
    WarnOn(err,
           absl::StrCat("more than ", most >> 20,
                        " MiB of memory is taken: a reply is too large, or too many are waiting "
                        "to be shown"));
    _exit(kExitRpcBase + static_cast<int>(grpc::StatusCode::RESOURCE_EXHAUSTED));
  }
}

}  // namespace udsecho::client
