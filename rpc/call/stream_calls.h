// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Calls with many messages in one direction or in both.
//
//   rpc::Task Chat::Talk(rpc::BidiCall<Line, Line>& call) {
//     Line line;
//     while (co_await call.Read(&line)) {
//       if (!co_await call.Write(line)) co_return;   // the caller went away
//     }
//     co_await call.Finish(absl::OkStatus());
//   }
//
// Read() clears the message first, and pointers into it are void. It returns false when the caller has half-closed, or when the call has ended: it was
// cancelled, or a message was refused. In the last two cases the caller has its status already and
// Finish() changes nothing, so that a handler need not tell the cases apart; end_status() does.
// Write() and Finish() return false when the call has ended. A read and a write may be awaited at
// the same time (when.h), but not two reads or two writes: that aborts, as a mistake in the program.
//
//   co_await rpc::WhenAll(ReadAll(call), WriteAll(call));      // two tasks, until both are done
//   const auto first = co_await rpc::WhenAny(call.Read(&line), call.Wait(changed_, seen));
//
// Write() returns as soon as the message is queued, unless so much is queued
// (http2::Stream::kHighMark) that the caller should read first. Messages that follow one another
// are sent together. The message must live until Write() has returned: await it in the same
// expression.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_CALL_STREAM_CALLS_H_
#define RPC_CALL_STREAM_CALLS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/call/typed_call.h"

namespace rpc {

// One message in, many out.
template <class RequestType, class ResponseType>
class ServerStreamCall : public TypedCall<RequestType, ResponseType> {
  using Typed = TypedCall<RequestType, ResponseType>;

 public:
  static constexpr Shape kShape = Shape::kServerStream;

  using Typed::Typed;

  const RequestType& request() const { return request_; }
  RequestType* mutable_request() { return &request_; }

  auto Write(const ResponseType& response, const WriteOptions& options = {}) {
    return typename Typed::Writing(this, &response, options);
  }
  auto Finish(const absl::Status& status) { return this->EndWith(status); }

 protected:
  RequestType request_;
};

// Many messages in, one out.
template <class RequestType, class ResponseType>
class ClientStreamCall : public TypedCall<RequestType, ResponseType> {
  using Typed = TypedCall<RequestType, ResponseType>;

 public:
  static constexpr Shape kShape = Shape::kClientStream;

  using Typed::Typed;

  auto Read(RequestType* request) { return typename Typed::Reading(this, request); }

  auto Finish(const ResponseType& response) { return this->EndWith(response); }
  // OK takes a response: given here, it is sent as INTERNAL.
  auto Finish(const absl::Status& status) { return this->EndWithError(status); }
  auto Finish(const absl::StatusOr<ResponseType>& end) {
    return end.ok() ? this->EndWith(*end) : this->EndWith(end.status());
  }
};

// Many messages each way, in any order.
template <class RequestType, class ResponseType>
class BidiCall : public TypedCall<RequestType, ResponseType> {
  using Typed = TypedCall<RequestType, ResponseType>;

 public:
  static constexpr Shape kShape = Shape::kBidi;

  using Typed::Typed;

  auto Read(RequestType* request) { return typename Typed::Reading(this, request); }
  auto Write(const ResponseType& response, const WriteOptions& options = {}) {
    return typename Typed::Writing(this, &response, options);
  }
  auto Finish(const absl::Status& status) { return this->EndWith(status); }
};

}  // namespace rpc

#endif  // RPC_CALL_STREAM_CALLS_H_
