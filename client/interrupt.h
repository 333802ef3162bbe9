// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Ctrl-C, as something that what runs can hear: it cancels its call, says what it has, and ends. And
// Ctrl-\, which asks a ping what it has so far (OnQuit), and ends everything else.
//
//   Interrupt interrupt;
//   interrupt.ListenToSignals();  // in main(), before any thread starts
//   ...
//   const Interrupt::Scope scope(&interrupt, [&] { context.TryCancel(); });
//   ...
//   if (interrupt.triggered()) return Interrupted();
//
// The process ends at once, with kExitInterrupted, when nobody listens, and at the second Ctrl-C (within
// kOnePress both are one: some programs that run others send the signal twice);
// and kPatience after the first one, if whoever listened is stuck (in a write that nobody reads). At a
// prompt (Diversion) Ctrl-C is a key like others, and ends nothing.
//
// Thread safety: all methods, from any thread.

#ifndef CLIENT_INTERRUPT_H_
#define CLIENT_INTERRUPT_H_

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "client/monotonic.h"
#include "uds/unique_fd.h"

namespace udsecho::client {

class Interrupt {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(1);
  static constexpr absl::Duration kOnePress = absl::Milliseconds(500);

  Interrupt() = default;
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Takes SIGINT and SIGQUIT from now on, on a thread of its own. Once, while the process has one thread.
  void ListenToSignals();

  // What Ctrl-C does. False if nobody listened.
  bool Trigger();
  bool triggered() const;

  // Waits until then. False as soon as it is triggered.
  bool SleepUntil(MonotonicTime time) const;

  // Calls `heard` on the triggering thread, or at once if it is too late for that; not any more
  // after the scope's end. It must not block.
  class Scope {
   public:
    Scope(Interrupt* interrupt, std::function<void()> heard);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Interrupt& interrupt_;
    const std::list<std::function<void()>>::iterator heard_;
  };

  // While it lives, Ctrl-C calls `heard`, each time that it is pressed, and triggers nothing. One at a
  // time. `heard` must not block.
  class Diversion {
   public:
    Diversion(Interrupt* interrupt, std::function<void()> heard);
    ~Diversion();
    Diversion(const Diversion&) = delete;
    Diversion& operator=(const Diversion&) = delete;

   private:
    Interrupt& interrupt_;
  };

  // While it lives, SIGQUIT calls `heard`, each time, on the listening thread. One at a time. `heard` must
  // not block.
  class OnQuit {
   public:
    OnQuit(Interrupt* interrupt, std::function<void()> heard);
    ~OnQuit();
    OnQuit(const OnQuit&) = delete;
    OnQuit& operator=(const OnQuit&) = delete;

   private:
    Interrupt& interrupt_;
  };

  // What Ctrl-\ does. False if there is no OnQuit: then it ends the process.
  bool Quit();

 private:
  void Listen(int signals);
  bool Divert();
  bool WaitForSignal(int signals, absl::Duration timeout);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::list<std::function<void()>> heard_;  // guarded by mutex_
  std::function<void()> diverted_;          // guarded by mutex_; null if nobody diverts it
  std::function<void()> quit_;              // guarded by mutex_; null without an OnQuit
  bool triggered_ = false;                  // guarded by mutex_

  uds::UniqueFd stop_;  // an eventfd: readable once the thread is to end
  std::thread thread_;
};

}  // namespace udsecho::client

#endif  // CLIENT_INTERRUPT_H_
