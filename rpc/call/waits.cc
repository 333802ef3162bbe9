// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a handler waits for, and what wakes it.

#include "rpc/call/waits.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include "rpc/call/call.h"
#include "rpc/check.h"
#include "uds/unique_fd.h"

namespace rpc {

void Call::WaitForMessage(Waiter* waiter) {
  RPC_CHECK(waiter == nullptr || reading_ == nullptr, "two reads of a call at the same time");
  reading_ = waiter;
}

void Call::WaitForRoom(Waiter* waiter) {
  RPC_CHECK(waiter == nullptr || writing_ == nullptr, "two writes of a call at the same time");
  writing_ = waiter;
  if (waiter != nullptr) stream_.AwaitRoom();
}

void Call::WakeAll() {
  // One may let the handler end, and so take others away. None is added: the call has ended.
  if (reading_ != nullptr) reading_->Wake();
  if (writing_ != nullptr) writing_->Wake();
  while (Waiter* const waiter = waiting_.first()) waiter->Wake();
}

bool Call::GoOn() {
  if (!ended_ && !fault_.ok() && !reader_.has_message()) {
    if (absl::IsResourceExhausted(fault_)) calls_.counters().refused.Add(1);
    TellRefused(fault_);
    Cancel(fault_);
  }
  if (ended_) {
    WakeAll();
    return false;
  }
  if (inflation_ != nullptr && !inflated_) InflateMore();
  if (reading_ != nullptr) reading_->Wake();
  if (writing_ != nullptr && HasRoom()) writing_->Wake();
  if (ended_) WakeAll();
  return GoesOn();
}

absl::Status Call::Waiting::call_status() const {
  if (!call_.ended_) return absl::OkStatus();
  return call_.end_status_.ok() ? absl::CancelledError("the call has ended") : call_.end_status_;
}

void Call::Sleeping::await_suspend(std::coroutine_handle<> handler) {
  Suspend(handler);
  timer_.emplace([this] { Wake(); });
  loop().timers().Set(&*timer_, loop().clock().Now() + http2::ToNanoseconds(duration_));
}

void Call::Sleeping::Wake() {
  loop().timers().Cancel(&*timer_);
  Resume();
}

bool Call::Listening::await_suspend(std::coroutine_handle<> handler) {
  if (!broadcast_.Add(&loop(), this, seen_)) return false;
  Suspend(handler);
  return true;
}

void Call::Listening::Wake() {
  broadcast_.Remove(&loop(), this);
  Resume();
}

// Apart from the wait, as an event for it may already be in the loop's hands when the wait ends.
class Call::Watching::Descriptor final : public http2::Loop::Watcher {
 public:
  Descriptor(Watching* wait, int fd) : wait_(*wait), fd_(fd) {}

  absl::Status Watch(http2::Loop* loop, std::uint32_t events) {
    absl::Status watched = loop->Watch(fd_, events, this);
    if (!absl::IsAlreadyExists(watched)) return watched;
    // Another call waits for it, or this one for the other direction.
    copy_.reset(fcntl(fd_, F_DUPFD_CLOEXEC, 0));
    if (!copy_.valid()) return absl::ErrnoToStatus(errno, "cannot watch it twice: dup(2) failed");
    fd_ = copy_.get();
    return loop->Watch(fd_, events, this);
  }
  void Unwatch(http2::Loop* loop) { loop->Unwatch(fd_, this); }

 private:
  void Ready(std::uint32_t /*events*/) override { wait_.Wake(); }

  Watching& wait_;
  int fd_;
  uds::UniqueFd copy_;
};

Call::Watching::Watching(Call* call, int fd, std::uint32_t events)
    : Waiting(call), fd_(fd), events_(events) {}
Call::Watching::Watching(Watching&& other) noexcept = default;
Call::Watching::~Watching() { EndWatch(); }

bool Call::Watching::await_suspend(std::coroutine_handle<> handler) {
  descriptor_ = std::make_unique<Descriptor>(this, fd_);
  watched_ = descriptor_->Watch(&loop(), events_);
  if (!watched_.ok()) {
    descriptor_ = nullptr;
    return false;
  }
  Suspend(handler);
  return true;
}

void Call::Watching::EndWatch() {
  if (descriptor_ == nullptr) return;
  descriptor_->Unwatch(&loop());
  loop().Bury(std::move(descriptor_));
}

void Call::Watching::Wake() {
  EndWatch();
  Resume();
}

Call::Watching Call::Readable(int fd) { return {this, fd, EPOLLIN}; }
Call::Watching Call::Writable(int fd) { return {this, fd, EPOLLOUT}; }

bool Call::Working::await_suspend(std::coroutine_handle<> handler) {
  started_ = job_->Begin(&loop(), this);
  if (!started_.ok()) return false;
  Suspend(handler);
  return true;
}

void Call::Working::Wake() {
  job_->GiveUp();
  Resume();
}

}  // namespace rpc
