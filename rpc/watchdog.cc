// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/watchdog.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "http2/clock.h"
#include "rpc/start_thread.h"

namespace rpc {
namespace {

using http2::Nanoseconds;

constexpr Nanoseconds kMillisecond = 1'000'000;

// What a wait of the last second counts at the most. A longer one is time in which the process did
// not run (Ctrl-Z, a debugger, a busy machine), and no handler can be blamed for it.
constexpr Nanoseconds kSlice = 100 * kMillisecond;

constexpr Nanoseconds kOneWish = 500 * kMillisecond;

// SIGINT of a process that was started with it ignored: `server &` in a script. Ctrl-C at the
// script's terminal is not meant for the server, nor is a signal that a wrapper passes on once. A
// program that sends it twice within kOneWish means the server.
class IgnoredInterrupts {
 public:
  // Whether what came at `now` counts as a wish to stop. `record`: what was read from a stop_fd.
  bool Counts(const char* record, ssize_t bytes, Nanoseconds now) {
    signalfd_siginfo signal;
    if (bytes != ssize_t{sizeof(signal)}) return true;  // it is no signalfd
    std::memcpy(&signal, record, sizeof(signal));
    if (signal.ssi_signo != SIGINT || !IsIgnored()) return true;
    if (signal.ssi_code > 0) return false;  // from the kernel, and so the terminal
    const bool again = last_.has_value() && now - *last_ < kOneWish;
    last_ = now;
    return again;
  }

 private:
  static bool IsIgnored() {
    struct sigaction action = {};
    return sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  }

  std::optional<Nanoseconds> last_;
};

Nanoseconds Now() { return http2::Clock::System()->Now(); }

// For poll(2): until `cut`, and in slices from then on.
int WaitMilliseconds(std::optional<Nanoseconds> cut, Nanoseconds now) {
  if (!cut.has_value()) return -1;
  constexpr Nanoseconds kLongest = 86'400'000;  // a day in milliseconds: then again
  const Nanoseconds left = now < *cut ? *cut - now : kSlice;
  return static_cast<int>(std::min(left / kMillisecond + 1, kLongest));
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
  std::optional<Nanoseconds> asked;  // when the first wish came
  std::optional<Nanoseconds> cut;    // when the calls that are left are cut off
  IgnoredInterrupts interrupts;
  Nanoseconds patience = http2::ToNanoseconds(kStuck);
  const auto stop = [&] {
    const Nanoseconds now = Now();
    cut = asked.has_value() ? now : now + http2::ToNanoseconds(parts_.grace());
    if (!asked.has_value()) asked = now;
    parts_.stop();
  };
  for (;;) {
    const Nanoseconds before = Now();
    poll(ready.data(), ready.size(), WaitMilliseconds(cut, before));
    const Nanoseconds after = Now();
    if (ready[0].revents != 0) return;
    eventfd_t count = 0;
    if (ready[1].revents != 0 && eventfd_read(parts_.stop_counter, &count) == 0) stop();
    if (ready[2].revents != 0) {
      std::array<char, 128> record;
      const ssize_t bytes = read(parts_.stop_fd, record.data(), record.size());
      const bool again = asked.has_value() && after - *asked < kOneWish;
      if (bytes > 0 && !again && interrupts.Counts(record.data(), bytes, after)) stop();
      if (bytes == 0) ready[2].fd = -1;  // the other end of a pipe has gone: nothing will come
    }
    if (!cut.has_value() || before < *cut) continue;
    patience -= std::min(after - before, kSlice);
    if (patience <= 0) parts_.stuck();
  }
}

}  // namespace rpc
