// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/shard.h"

#include <grpc/support/log.h>
#include <pthread.h>

#include <chrono>
#include <utility>

namespace rpc {

gpr_timespec DeadlineAfter(absl::Duration delay) {
  const gpr_timespec now = gpr_now(GPR_CLOCK_MONOTONIC);
  if (delay <= absl::ZeroDuration()) return now;
  // ToInt64Nanoseconds saturates at 292 years.
  return gpr_time_add(now, gpr_time_from_nanos(absl::ToInt64Nanoseconds(delay), GPR_TIMESPAN));
}

// A timer that removes itself once it has fired.
class Shard::Timer final : public Tag {
 public:
  Timer(Shard* shard, std::function<void()> work) : shard_(shard), work_(std::move(work)) {}

  void Start(absl::Duration delay, std::list<std::unique_ptr<Timer>>::iterator self) {
    self_ = self;
    alarm_.Set(shard_->queue(), DeadlineAfter(delay), static_cast<Tag*>(this));
  }
  void Cancel() { alarm_.Cancel(); }

  void Complete(bool ok) override {
    const std::function<void()> work = std::move(work_);
    shard_->timers_.erase(self_);
    if (ok) work();
  }

 private:
  Shard* const shard_;
  std::function<void()> work_;
  grpc::Alarm alarm_;
  std::list<std::unique_ptr<Timer>>::iterator self_;
};

Shard::Shard(std::unique_ptr<grpc::ServerCompletionQueue> queue, absl::Duration busy_poll,
             Users* users)
    : queue_(std::move(queue)), busy_poll_(busy_poll), users_(*users) {}

Shard::~Shard() {
  GPR_ASSERT(!thread_.joinable() && "Stop() comes first");
  // gRPC wants every queue shut down and read to its end, also one that was never polled.
  queue_->Shutdown();
  Poll();
}

void Shard::Start() { thread_ = std::thread(&Shard::Poll, this); }

void Shard::Stop() {
  Post([this] {
    GPR_ASSERT(calls_.empty());
    for (const auto& timer : timers_) timer->Cancel();
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopped_ = true;
    }
    queue_->Shutdown();
  });
  thread_.join();
}

void Shard::Poll() {
  pthread_setname_np(pthread_self(), "rpc-polling");  // for `top -H`, gdb and the like
  void* tag = nullptr;
  bool ok = false;
  while (Next(&tag, &ok)) static_cast<Tag*>(tag)->Complete(ok);
}

bool Shard::Next(void** tag, bool* ok) {
  using grpc::CompletionQueue;
  const auto look = [&] { return queue_->AsyncNext(tag, ok, gpr_inf_past(GPR_CLOCK_MONOTONIC)); };
  CompletionQueue::NextStatus status = look();
  if (status == CompletionQueue::TIMEOUT) {
    BusyPoll::Time now = std::chrono::steady_clock::now();
    if (busy_poll_.IsWorthIt(now)) {
      const BusyPoll::Time end = now + busy_poll_.length();
      while (status == CompletionQueue::TIMEOUT && now < end) {
        status = look();
        now = std::chrono::steady_clock::now();
      }
      busy_poll_.Ended(now, status != CompletionQueue::TIMEOUT);
    }
  }
  if (status == CompletionQueue::TIMEOUT) return queue_->Next(tag, ok);
  return status == CompletionQueue::GOT_EVENT;
}

void Shard::Post(std::function<void()> work) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_) return;
  posted_.push_back(std::move(work));
  // An alarm that is due at once is how a thread other than the polling one puts an event into the
  // queue. One event serves all that is posted until it is taken.
  if (posted_.size() == 1) {
    wake_.Set(queue_.get(), gpr_inf_past(GPR_CLOCK_MONOTONIC), static_cast<Tag*>(&woken_));
  }
}

void Shard::RunPosted(bool /*ok*/) {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    work.swap(posted_);
  }
  for (const auto& one : work) one();
}

bool Shard::HasStopped() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return stopped_;
}

void Shard::After(absl::Duration delay, std::function<void()> work) {
  if (HasStopped()) return;  // posted together with Stop()
  timers_.push_front(std::make_unique<Timer>(this, std::move(work)));
  timers_.front()->Start(delay, timers_.begin());
}

void Shard::WhenIdle(std::function<void()> work) {
  if (calls_.empty()) {
    work();
  } else {
    when_idle_ = std::move(work);
  }
}

void Shard::CallEnded(Calls::iterator place) {
  calls_.erase(place);
  in_flight_.Add(-1);
  if (calls_.empty() && when_idle_) std::exchange(when_idle_, nullptr)();
}

}  // namespace rpc
