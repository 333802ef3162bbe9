// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Work to be done at some time, unless it is cancelled.
//
//   http2::Timer deadline([this] { Expire(); });
//   loop->timers().Set(&deadline, loop->now() + http2::ToNanoseconds(absl::Seconds(1)));
//   ...
//   loop->timers().Cancel(&deadline);       // or destroy it
//
// Most timers of a server are set and cancelled, and never expire. Both take a few nanoseconds and
// no memory.
//
// Thread safety: none; timers belong to their loop's thread.
// Ownership: the queue borrows its timers. A timer that is destroyed leaves the queue first.

#ifndef HTTP2_TIMER_H_
#define HTTP2_TIMER_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "http2/clock.h"

namespace http2 {

class TimerQueue;

class Timer {
 public:
  explicit Timer(std::function<void()> expire) : expire_(std::move(expire)) {}
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool is_set() const { return queue_ != nullptr; }

 private:
  friend class TimerQueue;

  const std::function<void()> expire_;
  TimerQueue* queue_ = nullptr;
  std::size_t place_ = 0;  // in the queue's heap
  Nanoseconds due_ = 0;
};

class TimerQueue {
 public:
  // Sets a timer, or sets it to another time.
  void Set(Timer* timer, Nanoseconds due);
  void Cancel(Timer* timer);

  // When the next timer is due; nullopt when there is none.
  std::optional<Nanoseconds> next() const;

  // Calls the timers that are due at `now`, the earliest first. They may set, cancel and destroy
  // timers, themselves too.
  void Expire(Nanoseconds now);

 private:
  // A binary heap: the children of index i are at 2i+1 and 2i+2, and due no earlier.
  void Put(std::size_t place, Timer* timer);
  void MoveUp(std::size_t place);
  void MoveDown(std::size_t place);

  std::vector<Timer*> heap_;
};

inline Timer::~Timer() {
  if (queue_ != nullptr) queue_->Cancel(this);
}

}  // namespace http2

#endif  // HTTP2_TIMER_H_
