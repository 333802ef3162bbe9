// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call together with the handler that answers it: the server makes one for each request.
//
// CallHooks::begin and Service::Begin() are asked first. Then a handler that reads messages itself starts at once; a
// handler of a method that takes one message starts when that has come and the request has ended.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_CALL_INVOCATION_H_
#define RPC_CALL_INVOCATION_H_

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "http2/block_pool.h"
#include "rpc/call/task.h"
#include "rpc/call/typed_call.h"

namespace rpc {

// What an invocation calls: a method's handler.
template <class CallType>
class Handler {
 public:
  virtual absl::Status Begin(CallType& call) = 0;
  virtual Task Handle(CallType& call) = 0;

 protected:
  ~Handler() = default;
};

template <class CallType>
class Invocation final : public CallType, private TaskOwner {
 public:
  Invocation(Handler<CallType>* handler, Call::Parts parts)
      : CallType(std::move(parts)), handler_(*handler) {}
  // The handler, if it still waits, is destroyed while the call is whole.
  ~Invocation() override {
    this->Abandon();
    task_ = Task();
  }

  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that gets the size
  static void* operator new(std::size_t size) { return http2::BlockPool::Allocate(size); }
  static void operator delete(void* self, std::size_t size) { http2::BlockPool::Free(self, size); }

 private:
  static constexpr bool kTakesOneMessage =
      CallType::kShape == Shape::kUnary || CallType::kShape == Shape::kServerStream;

  bool Run() override {
    if (step_ == Step::kNew) {
      step_ = Step::kWaiting;
      absl::Status begun = this->RunBeginHook();
      if (begun.ok() && !this->ended()) begun = handler_.Begin(*this);
      if (!begun.ok()) {
        if (!this->ended()) this->TellRefused(begun);
        this->FinishWith(std::move(begun));
      }
    }
    const bool more = this->GoOn();
    if (step_ != Step::kWaiting || this->ended()) return more;
    if constexpr (kTakesOneMessage) {
      const auto taken = this->TakeOnlyMessage(&this->request_);
      if (taken != Call::Taken::kMessage) return taken == Call::Taken::kNone && this->GoesOn();
    }
    step_ = Step::kHandling;
    task_ = handler_.Handle(*this);
    task_.Start(this);
    return this->GoesOn();
  }

  void TaskEnded() override {
    task_ = Task();  // frees all that the handler kept
    if (this->ended()) return;
    this->FinishWith(absl::InternalError("the handler ended without a status"));
  }

  enum class Step { kNew, kWaiting, kHandling };

  Handler<CallType>& handler_;
  Step step_ = Step::kNew;
  Task task_;
};

}  // namespace rpc

#endif  // RPC_CALL_INVOCATION_H_
