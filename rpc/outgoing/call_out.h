// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A unary call to another gRPC service, awaited from a handler: by a stub of gRPC C++, whose answer comes back
// to the call's own thread. stream_out.h has the methods with streams.
//
//   rpc::Task Front::Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     BackRequest request;
//     ...
//     const absl::StatusOr<BackReply> reply =
//         co_await rpc::CallOut(call, back_->async(), &Back::Stub::async::Ask, request);
//     if (!reply.ok()) {
//       co_await call.Finish(reply.status());
//       co_return;
//     }
//     ...
//   }
//
// The handler's call is passed on: its deadline, its trace (kPassedOn), and its end. When it is cancelled,
// is past its deadline or is cut off by a drain, so is the call out, and the handler goes on at once with
// a status other than OK; a Finish() has no effect then.
//
// Errors: what the other service answers, with its details. If the handler's call has ended, what a wait
// gives then (call.h).
//
// This is a library of its own, as it is the only part of rpc/ that links gRPC C++. The memory of a message
// that is on its way is gRPC's: its channel bounds the size of a reply, and nothing else.
//
// Thread safety: on the call's thread. Ownership: borrows the stub, which outlives the call out, and so the
// server; the request is copied or moved.

#ifndef RPC_OUTGOING_CALL_OUT_H_
#define RPC_OUTGOING_CALL_OUT_H_

#include <array>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "rpc/call/call.h"
#include "rpc/call/job.h"
#include "rpc/call/task.h"

namespace rpc {

// Metadata of a trace: W3C's trace context (https://www.w3.org/TR/trace-context/), and what gRPC's own
// libraries sent before it.
inline constexpr std::array<absl::string_view, 3> kPassedOn = {"traceparent", "tracestate",
                                                               "grpc-trace-bin"};

// Sets the deadline and the metadata that are passed on.
void PassOn(const Call& call, grpc::ClientContext* context);

// With the details that a google.rpc.Status has, if there is one.
absl::Status StatusOf(const grpc::Status& status);

// A method of a stub: `Back::Stub::async` has one for each unary method.
template <class Stub, class Request, class Reply>
using StubMethod = void (Stub::*)(grpc::ClientContext*, const Request*, Reply*,
                                  std::function<void(grpc::Status)>);

template <class Stub, class Request, class Reply>
class OutgoingCall final : public Job {
 public:
  OutgoingCall(const Call& call, Stub* stub, StubMethod<Stub, Request, Reply> method,
               Request request)
      : stub_(*stub), method_(method), request_(std::move(request)) {
    PassOn(call, &context_);
  }

  // Once it is done.
  absl::StatusOr<Reply> TakeReply() {
    if (!status_.ok()) return StatusOf(status_);
    return std::move(reply_);
  }

 private:
  absl::Status Start() override {
    (stub_.*method_)(&context_, &request_, &reply_,
                     [this, self = shared_from_this()](grpc::Status status) {
                       status_ = std::move(status);
                       Done();
                     });
    return absl::OkStatus();
  }
  void Abandon() override { context_.TryCancel(); }

  Stub& stub_;
  const StubMethod<Stub, Request, Reply> method_;
  const Request request_;
  grpc::ClientContext context_;
  // Written on a thread of gRPC's, before Done().
  Reply reply_;
  grpc::Status status_;
};

template <class Stub, class Request, class Reply>
TaskOf<absl::StatusOr<Reply>> CallOut(Call& call, Stub* stub,
                                      StubMethod<Stub, Request, Reply> method,
                                      std::type_identity_t<Request> request) {
  const auto out =
      std::make_shared<OutgoingCall<Stub, Request, Reply>>(call, stub, method, std::move(request));
  const absl::Status waited = co_await call.Wait(out);
  if (!waited.ok()) co_return waited;
  co_return out->TakeReply();
}

}  // namespace rpc

#endif  // RPC_OUTGOING_CALL_OUT_H_
