// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/block_reader.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace udsecho::client {

BlockReader::BlockReader(int fd, std::function<void()> ready)
    : fd_(fd),
      ready_(std::move(ready)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

BlockReader::~BlockReader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  const uint64_t one = 1;
  if (TEMP_FAILURE_RETRY(write(stop_.get(), &one, sizeof(one))) != sizeof(one)) std::abort();
  thread_.join();
}

absl::StatusOr<std::string> BlockReader::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!block_.has_value()) std::abort();
  absl::StatusOr<std::string> block = *std::move(block_);
  block_.reset();
  changed_.notify_all();
  return block;
}

void BlockReader::Run() {
  while (true) {
    std::optional<absl::StatusOr<std::string>> block = ReadBlock();
    if (!block.has_value()) return;
    const bool last = !block->ok() || (*block)->empty();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      block_ = std::move(block);
    }
    ready_();
    if (last || !WaitUntilTaken()) return;
  }
}

std::optional<absl::StatusOr<std::string>> BlockReader::ReadBlock() {
  std::string block(kBlock, '\0');
  while (true) {
    pollfd fds[] = {{fd_, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (TEMP_FAILURE_RETRY(poll(fds, 2, -1)) < 0) return absl::ErrnoToStatus(errno, "cannot poll");
    if (fds[1].revents != 0) return std::nullopt;
    const ssize_t got = TEMP_FAILURE_RETRY(read(fd_, block.data(), block.size()));
    // EAGAIN: whoever shares the descriptor made it non-blocking, and was faster.
    if (got < 0 && errno == EAGAIN) continue;
    if (got < 0) return absl::ErrnoToStatus(errno, "cannot read");
    block.resize(got);
    return block;
  }
}

// One block ahead: the next is read while the owner works on this one.
bool BlockReader::WaitUntilTaken() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return stopping_ || !block_.has_value(); });
  return !stopping_;
}

}  // namespace udsecho::client
