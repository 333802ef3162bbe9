// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/watchdog.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "http2/clock.h"
#include "rpc/start_thread.h"

namespace rpc {
namespace {

int MillisecondsUntil(std::optional<http2::Nanoseconds> due) {
  if (!due.has_value()) return -1;
  constexpr http2::Nanoseconds kLongest = 86'400'000;  // a day in milliseconds: then again
  const http2::Nanoseconds left = (*due - http2::Clock::System()->Now()) / 1'000'000 + 1;
  return static_cast<int>(std::clamp<http2::Nanoseconds>(left, 0, kLongest));
}

}  // namespace

Watchdog::Watchdog(Parts parts)
    : parts_(std::move(parts)), finished_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

absl::Status Watchdog::Start() {
  if (!finished_.valid()) {
    return absl::ResourceExhaustedError(
        "there is no descriptor to end the watchdog by; raise `ulimit -n`");
  }
  return StartThread([this] { Run(); }, &thread_);
}

void Watchdog::Finish() {
  if (!thread_.joinable()) return;
  eventfd_write(finished_.get(), 1);
  thread_.join();
}

void Watchdog::Run() {
  pthread_setname_np(pthread_self(), "rpc-watchdog");  // for `top -H`, gdb and the like
  std::array<pollfd, 3> ready = {{{.fd = finished_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = parts_.stop_counter, .events = POLLIN, .revents = 0},
                                  {.fd = parts_.stop_fd, .events = POLLIN, .revents = 0}}};
  const auto now = [] { return http2::Clock::System()->Now(); };
  std::optional<http2::Nanoseconds> due;
  const auto stop = [&] {
    const absl::Duration grace = due.has_value() ? absl::ZeroDuration() : parts_.grace();
    due = now() + http2::ToNanoseconds(grace + kStuck);
    parts_.stop();
  };
  for (;;) {
    poll(ready.data(), ready.size(), MillisecondsUntil(due));
    if (ready[0].revents != 0) return;
    eventfd_t count = 0;
    if (ready[1].revents != 0 && eventfd_read(parts_.stop_counter, &count) == 0) stop();
    if (ready[2].revents != 0) {
      std::array<char, 128> record;
      const ssize_t bytes = read(parts_.stop_fd, record.data(), record.size());
      if (bytes > 0) stop();
      if (bytes == 0) ready[2].fd = -1;  // the other end of a pipe has gone: nothing will come
    }
    if (due.has_value() && now() >= *due) parts_.stuck();
  }
}

}  // namespace rpc
