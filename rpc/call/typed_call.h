// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call with its messages' types: the base of the four shapes (unary_call.h, stream_calls.h).
//
// Thread safety and ownership: as call.h.

#ifndef RPC_CALL_TYPED_CALL_H_
#define RPC_CALL_TYPED_CALL_H_

#include <coroutine>
#include <utility>

#include "absl/status/status.h"
#include "rpc/call/call.h"
#include "rpc/call/waiter.h"
#include "rpc/call/waits.h"  // IWYU pragma: export

namespace rpc {

// How many messages go each way.
enum class Shape { kUnary, kServerStream, kClientStream, kBidi };

template <class RequestType, class ResponseType>
class TypedCall : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;

  using Call::Call;

 protected:
  // Waits for the next message.
  class [[nodiscard]] Reading final : private Waiter {
   public:
    Reading(TypedCall* call, Request* request) : call_(*call), request_(*request) {}
    Reading(Reading&& other) noexcept = default;
    ~Reading() {
      if (handler_) call_.Forget(this);
    }

    bool await_ready() {
      taken_ = call_.TakeMessage(&request_);
      return taken_ != Call::Taken::kNone;
    }
    void await_suspend(std::coroutine_handle<> handler) {
      handler_ = handler;
      call_.WaitForMessage(this);
    }
    bool await_resume() const { return taken_ == Call::Taken::kMessage; }

   private:
    void Wake() override {
      if (!await_ready()) return;
      call_.WaitForMessage(nullptr);
      handler_.resume();  // which may destroy this
    }

    TypedCall& call_;
    Request& request_;
    Call::Taken taken_ = Call::Taken::kNone;
    std::coroutine_handle<> handler_;
  };

  // Sends a message, and waits while too many bytes are queued.
  class [[nodiscard]] Writing final : private Waiter {
   public:
    Writing(TypedCall* call, const Response* response, const WriteOptions& options)
        : call_(*call), response_(*response), options_(options) {}
    Writing(Writing&& other) noexcept = default;
    ~Writing() {
      if (handler_) call_.Forget(this);
    }

    bool await_ready() {
      sent_ = call_.SendMessage(response_, options_);
      return !sent_ || call_.HasRoom();
    }
    void await_suspend(std::coroutine_handle<> handler) {
      handler_ = handler;
      call_.WaitForRoom(this);
    }
    bool await_resume() const { return sent_ && !call_.ended(); }

   private:
    void Wake() override {
      call_.WaitForRoom(nullptr);
      handler_.resume();
    }

    TypedCall& call_;
    const Response& response_;
    const WriteOptions options_;
    bool sent_ = false;
    std::coroutine_handle<> handler_;
  };

  // Ends the call at once. It is awaited like all else, so that it may come to wait.
  struct [[nodiscard]] Finishing {
    bool taken;
    bool await_ready() const { return true; }
    void await_suspend(std::coroutine_handle<> /*handler*/) const {}
    bool await_resume() const { return taken; }
  };

  template <class End>
  Finishing EndWith(End&& end) {
    const bool had_ended = this->HasEndedByNow();
    this->FinishWith(std::forward<End>(end));
    return {.taken = !had_ended && !this->cancelled()};
  }
  // For methods that answer OK with a message.
  Finishing EndWithError(const absl::Status& status) {
    if (!status.ok()) return EndWith(status);
    return EndWith(
        absl::InternalError("the handler ended with OK, and without the message that OK takes"));
  }
};

}  // namespace rpc

#endif  // RPC_CALL_TYPED_CALL_H_
