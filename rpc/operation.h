// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One gRPC operation, awaited.
//
//   bool ok = co_await Operation([&](CoreTag* tag) { call.Write(bytes, 0, tag); });
//
// The operation starts when it is awaited, and the coroutine resumes with the queue's verdict:
// false means that the call is over for the peer (cancelled, past its deadline, disconnected) or,
// for a read, that the peer has sent its last message. A second callable may turn the verdict into
// another:
//
//   bool ok = co_await Operation([&](CoreTag* tag) { call.Read(tag); },
//                                [&](bool ok) { return ok && Parse(call.received(), message); });
//
// Thread safety: none; awaited and resumed on the shard's polling thread.
// Ownership: lives in the frame of the coroutine that awaits it, which must not be destroyed
// before.

#ifndef RPC_OPERATION_H_
#define RPC_OPERATION_H_

#include <coroutine>
#include <functional>
#include <utility>

#include "rpc/tag.h"

namespace rpc {

template <class Start, class Verdict = std::identity>
class [[nodiscard]] Operation final : public CoreTag {
 public:
  explicit Operation(Start start, Verdict verdict = {})
      : start_(std::move(start)), verdict_(std::move(verdict)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    start_(static_cast<CoreTag*>(this));
  }
  bool await_resume() { return verdict_(ok_); }

  void Complete(bool ok) override {
    ok_ = ok;
    waiter_.resume();
  }

 private:
  Start start_;
  Verdict verdict_;
  std::coroutine_handle<> waiter_;
  bool ok_ = false;
};

}  // namespace rpc

#endif  // RPC_OPERATION_H_
