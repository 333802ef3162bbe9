// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls with many messages in one direction or in both.
//
//   rpc::Task Chat::Talk(rpc::BidiCall<Line, Line>& call) {
//     Line line;
//     while (co_await call.Read(&line)) {
//       if (!co_await call.Write(line)) co_return;   // the caller went away
//     }
//     co_await call.Finish(grpc::Status::OK);
//   }
//
// Read() is false once the caller has half-closed, when the call is cancelled, and when what came
// cannot be parsed; in the last case Finish() sends INVALID_ARGUMENT whatever status it is given,
// so a handler need not tell these apart. Write() and Finish() are false when the caller is gone.
// One read and one write may be awaited at the same time, not two of a kind.
//
// What is written is taken when Write() or Finish() is awaited, and must be there until then: await
// them in the same expression.
//
// A handler that has more to send at once says so, and several messages then leave together.
// Without a Write() or Finish() to follow, what it sent may stay where it is:
//
//   static const grpc::WriteOptions kMoreFollows = grpc::WriteOptions().set_buffer_hint();
//   for (const Line& line : lines) {
//     if (!co_await call.Write(line, kMoreFollows)) co_return;
//   }
//   co_await call.Finish(grpc::Status::OK);
//
// Flow control is gRPC's: Write() is resumed when the message was taken for sending, which for a
// caller that does not read is never, until the call is cancelled.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_STREAM_CALLS_H_
#define RPC_STREAM_CALLS_H_

#include "rpc/typed_call.h"

namespace rpc {

// One message in, many out.
template <class RequestType, class ResponseType>
class ServerStreamCall final : public TypedCall<RequestType, ResponseType> {
 public:
  static constexpr Shape kShape = Shape::SERVER_STREAMING;

  using TypedCall<RequestType, ResponseType>::TypedCall;

  const RequestType& request() const { return request_; }

  auto Write(const ResponseType& response, const grpc::WriteOptions& options = {}) {
    return this->WriteNext(response, options);
  }
  auto Finish(const grpc::Status& status) { return this->EndWith(status); }

 private:
  template <class CallType>
  friend class Invocation;

  RequestType request_;
};

// Many messages in, one out.
template <class RequestType, class ResponseType>
class ClientStreamCall final : public TypedCall<RequestType, ResponseType> {
 public:
  static constexpr Shape kShape = Shape::CLIENT_STREAMING;

  using TypedCall<RequestType, ResponseType>::TypedCall;

  auto Read(RequestType* request) { return this->ReadNext(request); }

  // Sends the response and OK.
  auto Finish(const ResponseType& response) { return this->EndWith(response); }

  // Sends a status and no response. `status` must not be OK: that takes a response.
  auto Finish(const grpc::Status& status) { return this->EndWith(status); }
};

// Many messages each way, in any order.
template <class RequestType, class ResponseType>
class BidiCall final : public TypedCall<RequestType, ResponseType> {
 public:
  static constexpr Shape kShape = Shape::BIDI_STREAMING;

  using TypedCall<RequestType, ResponseType>::TypedCall;

  auto Read(RequestType* request) { return this->ReadNext(request); }
  auto Write(const ResponseType& response, const grpc::WriteOptions& options = {}) {
    return this->WriteNext(response, options);
  }
  auto Finish(const grpc::Status& status) { return this->EndWith(status); }
};

}  // namespace rpc

#endif  // RPC_STREAM_CALLS_H_
