// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/signal_thread.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <utility>

#include "rpc/start_thread.h"

namespace udsecho {

SignalThread::SignalThread(int signal_fd, std::function<void(int)> on_signal)
    : signal_fd_(signal_fd),
      on_signal_(std::move(on_signal)),
      stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

SignalThread::~SignalThread() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

absl::Status SignalThread::Start() {
  if (!stop_.valid()) {
    return absl::ResourceExhaustedError(
        "there is no descriptor to wait for SIGHUP and SIGUSR2 with, so that they do nothing; "
        "raise "
        "`ulimit -n`");
  }
  return rpc::StartThread([this] { Run(); }, &thread_);
}

bool SignalThread::Stop() {
  if (!thread_.joinable()) return true;
  eventfd_write(stop_.get(), 1);
  std::unique_lock<std::mutex> lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(1), [this] { return ended_; });
}

void SignalThread::Run() {
  pthread_setname_np(pthread_self(), "signals");  // for `top -H`, gdb and the like
  std::array<pollfd, 2> ready = {{{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                                  {.fd = signal_fd_, .events = POLLIN, .revents = 0}}};
  for (;;) {
    poll(ready.data(), ready.size(), -1);
    if (ready[0].revents != 0) break;
    signalfd_siginfo signal;
    if (ready[1].revents == 0 || read(signal_fd_, &signal, sizeof(signal)) <= 0) continue;
    on_signal_(static_cast<int>(signal.ssi_signo));
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool HasTerminal() {
  return uds::UniqueFd(open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)).valid();
}

}  // namespace udsecho
