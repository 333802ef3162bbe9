// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a handler waits for, and what wakes it.

#include "rpc/call/call.h"

namespace rpc {

void Call::WakeAll() {
  for (Waiter* const waiter : {reading_, writing_, waiting_}) {
    // The one before may have let the handler end.
    if (waiter != nullptr && (waiter == reading_ || waiter == writing_ || waiter == waiting_)) {
      waiter->Wake();
    }
  }
}

bool Call::GoOn() {
  if (!ended_ && !fault_.ok() && !reader_.has_message()) {
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

void Call::Sleeping::await_suspend(std::coroutine_handle<> handler) {
  handler_ = handler;
  call_.waiting_ = this;
  http2::Loop& loop = call_.calls_.loop();
  timer_.emplace([this] { Wake(); });
  loop.timers().Set(&*timer_, loop.clock().Now() + http2::ToNanoseconds(duration_));
}

void Call::Sleeping::Wake() {
  timer_.reset();
  call_.waiting_ = nullptr;
  handler_.resume();
}

bool Call::Listening::await_suspend(std::coroutine_handle<> handler) {
  if (!broadcast_.Add(&call_.calls_.loop(), this, seen_)) return false;
  handler_ = handler;
  call_.waiting_ = this;
  return true;
}

Call::Listening::~Listening() {
  if (call_.waiting_ != this) return;
  broadcast_.Remove(&call_.calls_.loop(), this);
  call_.Forget(this);
}

void Call::Listening::Wake() {
  broadcast_.Remove(&call_.calls_.loop(), this);
  Heard();
}

void Call::Listening::Heard() {
  call_.waiting_ = nullptr;
  handler_.resume();
}

}  // namespace rpc
