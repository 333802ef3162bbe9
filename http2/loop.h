// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A thread's event loop: descriptors, timers, and work that other threads hand in.
//
//   auto loop = http2::Loop::Create({});                          // a StatusOr
//   (*loop)->Watch(fd, EPOLLIN, &watcher);                        // watcher.Ready(EPOLLIN), ...
//   (*loop)->After(absl::Seconds(10), [&] { (*loop)->Quit(); });
//   (*loop)->Run();
//
// The loop goes in rounds: it waits for events, calls the watchers of the descriptors that are
// ready, runs what was posted, expires timers, and last calls RoundEnds() where that was asked for.
// Watches are level-triggered: a watcher that leaves its descriptor ready is called again in the
// next round.
//
// Thread safety: Post() may be called from any thread. All else belongs to the thread in Run(), or
// to the owner before Run(). Ownership: owns its epoll and wake-up descriptors; borrows watchers
// and timers. Unwatch() a descriptor before it is closed, and Bury() a watcher that ends while the
// loop runs: an event for it may already be in the loop's hands.

#ifndef HTTP2_LOOP_H_
#define HTTP2_LOOP_H_

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "http2/busy_poll.h"
#include "http2/clock.h"
#include "http2/mutex.h"
#include "http2/timer.h"
#include "uds/unique_fd.h"

namespace http2 {

struct LoopOptions {
  // How long to look for the next event before sleeping, where that has paid recently
  // (busy_poll.h); 0: never.
  absl::Duration busy_poll = absl::ZeroDuration();

  const Clock* clock = Clock::System();
};

class Loop {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;

    // `events` is what epoll_wait(2) says, or 0 after Again().
    virtual void Ready(std::uint32_t events) = 0;

    // Called at the end of a round, after AtRoundEnd().
    virtual void RoundEnds() {}

   private:
    friend class Loop;
    bool watched_ = false;
    bool again_ = false;
    bool at_round_end_ = false;
    bool buried_ = false;
  };

  using Work = std::function<void()>;

  // RESOURCE_EXHAUSTED when no descriptor can be had.
  static absl::StatusOr<std::unique_ptr<Loop>> Create(const LoopOptions& options);
  ~Loop();

  // Watches `fd` for `events` (EPOLLIN, EPOLLOUT; hang-ups are always reported). RESOURCE_EXHAUSTED
  // when the kernel watches too many descriptors already, ALREADY_EXISTS when this loop watches this
  // one, PERMISSION_DENIED for files that epoll cannot watch. A watcher watches one descriptor.
  absl::Status Watch(int fd, std::uint32_t events, Watcher* watcher);
  void Change(int fd, std::uint32_t events, Watcher* watcher);
  void Unwatch(int fd, Watcher* watcher);

  // Calls the watcher's Ready(0) in the next round, which then does not wait for events.
  void Again(Watcher* watcher);

  // Calls the watcher's RoundEnds() at the end of this round, or of the next, which then does not
  // wait for events.
  void AtRoundEnd(Watcher* watcher);

  // Destroys the watcher at the end of this round; it is not called any more.
  void Bury(std::unique_ptr<Watcher> watcher);

  TimerQueue& timers() { return timers_; }
  // Runs `work` once, unless the loop is destroyed before.
  void After(absl::Duration delay, Work work);

  // Runs `work` on the loop's thread, in this round or the next, in the order of the calls. Any
  // thread may call it.
  void Post(Work work);

  // The time when the current round's events came in, and the number of that round.
  Nanoseconds now() const { return now_; }
  std::uint64_t round() const { return round_; }
  const Clock& clock() const { return clock_; }

  // The time since the last call, or since the round began: whoever worked in between used it.
  Nanoseconds Lap() {
    const Nanoseconds now = clock_.Now();
    return now - std::exchange(lap_began_, now);
  }
  Nanoseconds LapBegan() const { return lap_began_; }

  void Run();
  void Quit() { quit_ = true; }

  // One round, which waits for `longest` at most.
  void Turn(absl::Duration longest);

  // To run within another event loop: a descriptor that is readable when Turn(zero) has something to
  // do, also what a timer or a Post() asks for. RESOURCE_EXHAUSTED when no descriptor can be had. The
  // loop's clock must be the system's.
  absl::StatusOr<int> PollFd();

 private:
  Loop(uds::UniqueFd epoll, uds::UniqueFd wake, const LoopOptions& options);

  class Wake;
  class Alarm;

  int Wait(int milliseconds);
  int Poll(int milliseconds);
  int MillisecondsToWait(absl::Duration longest) const;
  void RunAgain();
  void RunPosted();
  void EndRound();
  // Has the alarm make the loop's descriptor readable when the next timer is due, or at once if a round
  // is.
  void SetAlarm();

  const uds::UniqueFd epoll_;
  const uds::UniqueFd wake_fd_;  // an eventfd
  uds::UniqueFd alarm_;          // a timerfd, once PollFd() was called
  const Clock& clock_;
  std::unique_ptr<Wake> wake_;
  std::unique_ptr<Alarm> alarm_watcher_;
  BusyPoll busy_poll_;
  bool quit_ = false;
  Nanoseconds now_;
  Nanoseconds lap_began_;
  std::uint64_t round_ = 1;
  std::array<struct epoll_event, 256> events_;
  TimerQueue timers_;
  std::list<std::unique_ptr<Timer>> delayed_;  // of After()
  std::vector<Watcher*> again_;
  std::vector<Watcher*> round_ends_;
  std::vector<std::unique_ptr<Watcher>> buried_;

  Mutex mutex_;
  std::vector<Work> posted_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace http2

#endif  // HTTP2_LOOP_H_
