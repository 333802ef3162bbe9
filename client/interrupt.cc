// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "client/exit_code.h"

namespace udsecho::client {
namespace {

constexpr absl::Duration kLongestSleep = absl::Hours(24 * 365 * 100);

bool IsIgnored(int signal) {
  struct sigaction now = {};
  return sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

// Ends the process by SIGQUIT, as it would have ended without a thread that takes the signal.
void EndBySigquit() {
  sigset_t quit;
  sigemptyset(&quit);
  sigaddset(&quit, SIGQUIT);
  raise(SIGQUIT);  // pending for this thread, until
  pthread_sigmask(SIG_UNBLOCK, &quit, nullptr);
}

}  // namespace

Interrupt::~Interrupt() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  if (TEMP_FAILURE_RETRY(write(stop_.get(), &one, sizeof(one))) != sizeof(one)) std::abort();
  thread_.join();
}

void Interrupt::ListenToSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  // A shell without job control starts what is to go on in the background with both ignored.
  for (const int signal : {SIGINT, SIGQUIT}) {
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  }
  if (sigisemptyset(&signals) == 1) return;
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

bool Interrupt::SleepUntil(MonotonicTime time) const {
  // The library adds it to the time of now, which must not overflow.
  const absl::Duration left = std::min(time - MonotonicNow(), kLongestSleep);
  std::unique_lock<std::mutex> lock(mutex_);
  return !changed_.wait_for(lock, absl::ToChronoNanoseconds(left), [this] { return triggered_; });
}

void Interrupt::Listen(int signals) {
  do {
    if (!WaitForSignal(signals, absl::InfiniteDuration())) return;
  } while (Divert());
  const MonotonicTime pressed = MonotonicNow();
  if (Trigger()) {
    do {
      if (!WaitForSignal(signals, pressed + kPatience - MonotonicNow())) return;
    } while (MonotonicNow() < pressed + kOnePress);
  }
  // Nothing is held that the kernel would not give back.
  _exit(kExitInterrupted);
}

// False if nobody diverts it.
bool Interrupt::Divert() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!diverted_) return false;
  diverted_();
  return true;
}

bool Interrupt::Quit() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!quit_) return false;
  quit_();
  return true;
}

// False when the thread is to end; true for Ctrl-C, and when the time has passed. Of Ctrl-\ it takes care.
bool Interrupt::WaitForSignal(int signals, absl::Duration timeout) {
  const MonotonicTime end = MonotonicNow() + timeout;
  while (true) {
    pollfd fds[] = {{signals, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    const absl::Duration left = std::max(end - MonotonicNow(), absl::ZeroDuration());
    const int milliseconds = timeout == absl::InfiniteDuration()
                                 ? -1
                                 : static_cast<int>(absl::ToInt64Milliseconds(left));
    TEMP_FAILURE_RETRY(poll(fds, 2, milliseconds));
    if (fds[1].revents != 0) return false;
    if (fds[0].revents == 0) return true;
    signalfd_siginfo info = {};
    TEMP_FAILURE_RETRY(read(signals, &info, sizeof(info)));
    if (info.ssi_signo != SIGQUIT) return true;
    if (!Quit()) EndBySigquit();
  }
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

Interrupt::Diversion::Diversion(Interrupt* interrupt, std::function<void()> heard)
    : interrupt_(*interrupt) {
  const std::lock_guard<std::mutex> lock(interrupt_.mutex_);
  interrupt_.diverted_ = std::move(heard);
}

Interrupt::OnQuit::OnQuit(Interrupt* interrupt, std::function<void()> heard)
    : interrupt_(*interrupt) {
  const std::lock_guard<std::mutex> lock(interrupt_.mutex_);
  interrupt_.quit_ = std::move(heard);
}

Interrupt::OnQuit::~OnQuit() {
  const std::lock_guard<std::mutex> lock(interrupt_.mutex_);
  interrupt_.quit_ = nullptr;
}

Interrupt::Diversion::~Diversion() {
  const std::lock_guard<std::mutex> lock(interrupt_.mutex_);
  interrupt_.diverted_ = nullptr;
}

}  // namespace udsecho::client
