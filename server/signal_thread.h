// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A thread that waits for signals such as SIGHUP, and does what they ask for: looking up names,
// opening files and starting a process may take long, and so is nothing for the threads that handle
// calls.
//
//   SignalThread signals(descriptor.fd(), [&](int signal) { if (signal == SIGHUP) Reload(); });
//   if (absl::Status status = signals.Start(); !status.ok()) ...    // they do nothing then
//   ...
//   if (!signals.Stop()) _exit(code);                               // it is in the middle of a reload
//
// Thread safety: Start() and Stop() are the owner's.
// Ownership: borrows the descriptor, a signalfd.

#ifndef SERVER_SIGNAL_THREAD_H_
#define SERVER_SIGNAL_THREAD_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/status/status.h"
#include "uds/unique_fd.h"

namespace udsecho {

class SignalThread {
 public:
  SignalThread(int signal_fd, std::function<void(int)> on_signal);
  ~SignalThread();  // Stop(), and waits
  SignalThread(const SignalThread&) = delete;
  SignalThread& operator=(const SignalThread&) = delete;

  // RESOURCE_EXHAUSTED if there is no thread or no descriptor.
  absl::Status Start();

  // False if the work for a signal is not done within a second: it waits for a server of names,
  // for example.
  bool Stop();

 private:
  void Run();

  const int signal_fd_;
  const std::function<void(int)> on_signal_;
  const uds::UniqueFd stop_;  // an eventfd
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;  // guarded by mutex_
};

// Whether the process has a terminal that can send it SIGHUP by going away.
bool HasTerminal();

}  // namespace udsecho

#endif  // SERVER_SIGNAL_THREAD_H_
