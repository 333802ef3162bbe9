// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/timer.h"

namespace http2 {

void TimerQueue::Put(std::size_t place, Timer* timer) {
  heap_[place] = timer;
  timer->place_ = place;
}

void TimerQueue::MoveUp(std::size_t place) {
  Timer* const timer = heap_[place];
  while (place > 0) {
    const std::size_t parent = (place - 1) / 2;
    if (heap_[parent]->due_ <= timer->due_) break;
    Put(place, heap_[parent]);
    place = parent;
  }
  Put(place, timer);
}

void TimerQueue::MoveDown(std::size_t place) {
  Timer* const timer = heap_[place];
  for (;;) {
    std::size_t child = 2 * place + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->due_ < heap_[child]->due_) ++child;
    if (timer->due_ <= heap_[child]->due_) break;
    Put(place, heap_[child]);
    place = child;
  }
  Put(place, timer);
}

void TimerQueue::Set(Timer* timer, Nanoseconds due) {
  if (timer->is_set()) Cancel(timer);
  timer->queue_ = this;
  timer->due_ = due;
  heap_.push_back(timer);
  MoveUp(heap_.size() - 1);
}

void TimerQueue::Cancel(Timer* timer) {
  if (!timer->is_set()) return;
  timer->queue_ = nullptr;
  const std::size_t place = timer->place_;
  Timer* const last = heap_.back();
  heap_.pop_back();
  if (last == timer) return;
  Put(place, last);
  MoveUp(place);
  MoveDown(last->place_);
}

std::optional<Nanoseconds> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->due_;
}

void TimerQueue::Expire(Nanoseconds now) {
  // At most as many as there are now: one that sets itself anew must not keep the thread.
  for (std::size_t left = heap_.size(); left > 0 && !heap_.empty(); --left) {
    Timer* const timer = heap_.front();
    if (timer->due_ > now) return;
    Cancel(timer);
    const std::function<void()> expire = timer->expire_;  // which may destroy the timer
    expire();
  }
}

}  // namespace http2
