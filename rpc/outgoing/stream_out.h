// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A streaming call to another gRPC service, from a handler: by a stub of gRPC C++. CallOut() takes methods
// of all four shapes; call_out.h has the unary one, and what is passed on.
//
//   rpc::Task Front::Talk(rpc::BidiCall<Line, Line>& call) {           // a relay
//     auto back = rpc::CallOut(call, back_->async(), &Back::Stub::async::Talk);
//     const auto first = co_await rpc::WhenAny(Down(call, back), Up(call, back));
//     if (first.index() == 1) co_await Down(call, back);               // Up() is done: what is left
//     const absl::Status status = co_await back.Finish();
//     co_await call.Finish(status);
//   }
//   rpc::Task Front::Up(rpc::BidiCall<Line, Line>& call, rpc::OutgoingBidi<Line, Line>& back) {
//     Line line;
//     while (co_await call.Read(&line)) {
//       if (!co_await back.Write(line)) co_return;                     // the back has ended its call
//     }
//     co_await back.WritesDone();
//   }
//   rpc::Task Front::Down(rpc::BidiCall<Line, Line>& call, rpc::OutgoingBidi<Line, Line>& back) {
//     Line line;
//     while (co_await back.Read(&line)) {
//       if (!co_await call.Write(line)) co_return;
//     }
//   }
//
// | the other method   | CallOut(call, stub, method...) | the stream                              |
// |--------------------|--------------------------------|-----------------------------------------|
// | streams its answer | ..., request)                  | Read(), Finish()                        |
// | takes a stream     | ...)                           | Write(), WritesDone(), Finish()         |
// | both               | ...)                           | Read(), Write(), WritesDone(), Finish() |
//
// The call out begins at once. Await:
//
//   Read(&message)  false: no more messages, or the handler's call has ended.
//   Write(message)  copies the message, and returns once the one before it is on its way: at most one
//                   waits. False: the other service has ended the call (Finish() has its status), or the
//                   handler's call has ended.
//   WritesDone()    no more messages: half-closes. False as Write().
//   Finish()        the status of the other service, or an absl::StatusOr of its reply if it takes a stream.
//                   Half-closes if WritesDone() did not, and discards messages that were not read.
//                   If the handler's call has ended: why it has.
//
// Back pressure goes through. gRPC reads a message only when the handler reads one, besides what its flow
// control has under way; and a handler that waits in Write() reads nothing from its caller.
//
// If the handler's call ends, what the handler awaits returns at once, and the call out is cancelled. A
// stream that goes out of scope before Finish() has returned is cancelled too: return early to stop.
// A read and a write may be awaited at the same time (when.h), and each may be given up by WhenAny: the
// message stays for the next Read(), and a Write() that has not returned sends nothing. Two reads or two
// writes at the same time, or a write after WritesDone(), end the program as a mistake; Finish()
// reads and writes.
//
// Thread safety: on the call's thread. Ownership: the handler has the stream, which stays where it is, and
// borrows the call and the stub.

#ifndef RPC_OUTGOING_STREAM_OUT_H_
#define RPC_OUTGOING_STREAM_OUT_H_

#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/client_callback.h"
#include "rpc/call/call.h"
#include "rpc/call/task.h"
#include "rpc/call/when.h"
#include "rpc/outgoing/call_out.h"
#include "rpc/outgoing/outgoing_stream.h"

namespace rpc {

template <class Request, class Reply>
struct ServerStreamReactor final
    : ReadingReactor<OutgoingReactor<grpc::ClientReadReactor<Reply>>, Reply> {
  Request request;
};

template <class Request, class Reply>
struct ClientStreamReactor final
    : WritingReactor<OutgoingReactor<grpc::ClientWriteReactor<Request>>, Request> {
  Reply reply;
};

template <class Request, class Reply>
struct BidiReactor final
    : WritingReactor<
          ReadingReactor<OutgoingReactor<grpc::ClientBidiReactor<Request, Reply>>, Reply>,
          Request> {};

// One message out, many in.
template <class Request, class Reply>
class OutgoingServerStream final : public OutgoingStream<ServerStreamReactor<Request, Reply>> {
 public:
  using OutgoingStream<ServerStreamReactor<Request, Reply>>::OutgoingStream;

  TaskOf<bool> Read(Reply* message) { return this->ReadNext(message); }
  TaskOf<absl::Status> Finish() {
    co_await this->template ReadTheRest<Reply>();
    absl::Status status = co_await this->TakeStatus();
    co_return status;
  }
};

// Many messages out, one in.
template <class Request, class Reply>
class OutgoingClientStream final : public OutgoingStream<ClientStreamReactor<Request, Reply>> {
 public:
  using OutgoingStream<ClientStreamReactor<Request, Reply>>::OutgoingStream;

  TaskOf<bool> Write(const Request& message) { return this->WriteNext(message); }
  TaskOf<bool> WritesDone() { return this->EndWrites(); }
  TaskOf<absl::StatusOr<Reply>> Finish() {
    co_await this->EndWrites();
    absl::Status status = co_await this->TakeStatus();
    if (!status.ok()) co_return status;
    co_return std::move(this->reactor().reply);
  }
};

// Many messages each way.
template <class Request, class Reply>
class OutgoingBidi final : public OutgoingStream<BidiReactor<Request, Reply>> {
 public:
  using OutgoingStream<BidiReactor<Request, Reply>>::OutgoingStream;

  TaskOf<bool> Read(Reply* message) { return this->ReadNext(message); }
  TaskOf<bool> Write(const Request& message) { return this->WriteNext(message); }
  TaskOf<bool> WritesDone() { return this->EndWrites(); }
  TaskOf<absl::Status> Finish() {
    // Both at once: the other service may take nothing more before its messages are read.
    co_await WhenAll(this->EndWrites(), this->template ReadTheRest<Reply>());
    absl::Status status = co_await this->TakeStatus();
    co_return status;
  }
};

template <class Stub, class Request, class Reply>
OutgoingServerStream<Request, Reply> CallOut(Call& call, Stub* stub,
                                             void (Stub::*method)(grpc::ClientContext*,
                                                                  const Request*,
                                                                  grpc::ClientReadReactor<Reply>*),
                                             std::type_identity_t<Request> request) {
  auto reactor = std::make_shared<ServerStreamReactor<Request, Reply>>();
  PassOn(call, &reactor->context);
  reactor->request = std::move(request);
  (stub->*method)(&reactor->context, &reactor->request, reactor.get());
  return {&call, std::move(reactor)};
}

template <class Stub, class Request, class Reply>
OutgoingClientStream<Request, Reply> CallOut(
    Call& call, Stub* stub,
    void (Stub::*method)(grpc::ClientContext*, Reply*, grpc::ClientWriteReactor<Request>*)) {
  auto reactor = std::make_shared<ClientStreamReactor<Request, Reply>>();
  PassOn(call, &reactor->context);
  (stub->*method)(&reactor->context, &reactor->reply, reactor.get());
  return {&call, std::move(reactor)};
}

template <class Stub, class Request, class Reply>
OutgoingBidi<Request, Reply> CallOut(
    Call& call, Stub* stub,
    void (Stub::*method)(grpc::ClientContext*, grpc::ClientBidiReactor<Request, Reply>*)) {
  auto reactor = std::make_shared<BidiReactor<Request, Reply>>();
  PassOn(call, &reactor->context);
  (stub->*method)(&reactor->context, reactor.get());
  return {&call, std::move(reactor)};
}

}  // namespace rpc

#endif  // RPC_OUTGOING_STREAM_OUT_H_
