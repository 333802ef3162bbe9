// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call with the handler that answers it: what the server makes for each request.
//
// A handler of one message starts once that has come, and nothing more will; one that reads for
// itself starts at once. Before either, Service::Begin() is asked.
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

// The method that calls are of.
template <class CallType>
class Handler {
 public:
  virtual absl::Status Begin(CallType& call) = 0;
  virtual Task Handle(CallType& call) = 0;

 protected:
  ~Handler() = default;
};

template <class CallType>
class Invocation final : public CallType, private Task::Owner {
 public:
  Invocation(Handler<CallType>* handler, Call::Parts parts)
      : CallType(std::move(parts)), handler_(*handler) {}
  // What is left of the handler ends while the call is whole.
  ~Invocation() override {
    this->Abandon();
    task_ = Task();
  }

  // NOLINTNEXTLINE(misc-new-delete-overloads): it does not know the delete that is told the size
  static void* operator new(std::size_t size) { return http2::BlockPool::Allocate(size); }
  static void operator delete(void* self, std::size_t size) { http2::BlockPool::Free(self, size); }

 private:
  static constexpr bool kTakesOneMessage =
      CallType::kShape == Shape::kUnary || CallType::kShape == Shape::kServerStream;

  bool Run() override {
    if (step_ == Step::kNew) {
      step_ = Step::kWaiting;
      absl::Status begun = handler_.Begin(*this);
      if (!begun.ok()) this->FinishWith(std::move(begun));
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
    task_ = Task();  // with all that the handler kept
    this->FinishWith(absl::InternalError("the handler ended without a status"));
  }

  enum class Step { kNew, kWaiting, kHandling };

  Handler<CallType>& handler_;
  Step step_ = Step::kNew;
  Task task_;
};

}  // namespace rpc

#endif  // RPC_CALL_INVOCATION_H_
