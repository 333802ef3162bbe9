// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a handler waits for beside messages: time, and broadcasts.

#include "rpc/call/call.h"

namespace rpc {

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
