// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "client/exit_code.h"

namespace udsecho::client {

Interrupt::~Interrupt() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  if (TEMP_FAILURE_RETRY(write(stop_.get(), &one, sizeof(one))) != sizeof(one)) std::abort();
  thread_.join();
}

void Interrupt::ListenToSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  struct sigaction old = {};
  // A shell without job control starts what is to go on in the background with SIGINT ignored.
  if (sigaction(SIGINT, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) return;
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC);
  stop_.reset(eventfd(0, EFD_CLOEXEC));
  if (fd < 0 || !stop_.valid()) return;  // then Ctrl-C ends the process, as it always did
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  thread_ = std::thread([this, fd] {
    const uds::UniqueFd owned(fd);
    Listen(fd);
  });
}

bool Interrupt::Trigger() {
  const std::lock_guard<std::mutex> lock(mutex_);
  triggered_ = true;
  changed_.notify_all();
  for (const std::function<void()>& heard : heard_) heard();
  return !heard_.empty();
}

bool Interrupt::triggered() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return triggered_;
}

bool Interrupt::SleepUntil(absl::Time time) const {
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(time - absl::Now()),
                            [this] { return triggered_; });
}

void Interrupt::Listen(int signals) {
  if (!WaitForSignal(signals, absl::InfiniteDuration())) return;
  if (Trigger() && !WaitForSignal(signals, kPatience)) return;
  // Nothing is held that the kernel would not give back.
  _exit(kExitInterrupted);
}

// False when the thread is to end; true for a signal, and when the time has passed.
bool Interrupt::WaitForSignal(int signals, absl::Duration timeout) const {
  pollfd fds[] = {{signals, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  const int milliseconds = timeout == absl::InfiniteDuration()
                               ? -1
                               : static_cast<int>(absl::ToInt64Milliseconds(timeout));
  TEMP_FAILURE_RETRY(poll(fds, 2, milliseconds));
  if (fds[1].revents != 0) return false;
  signalfd_siginfo info;
  if (fds[0].revents != 0) TEMP_FAILURE_RETRY(read(signals, &info, sizeof(info)));
  return true;
}

Interrupt::Scope::Scope(Interrupt* interrupt, std::function<void()> heard)
    : interrupt_(*interrupt), heard_([&] {
        const std::lock_guard<std::mutex> lock(interrupt->mutex_);
        if (interrupt->triggered_) heard();
        return interrupt->heard_.insert(interrupt->heard_.end(), std::move(heard));
      }()) {}

Interrupt::Scope::~Scope() {
  const std::lock_guard<std::mutex> lock(interrupt_.mutex_);
  interrupt_.heard_.erase(heard_);
}

}  // namespace udsecho::client
