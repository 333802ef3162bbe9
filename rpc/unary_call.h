// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call with one message each way.
//
//   rpc::Task Greeter::Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     if (call.request().name().empty()) {
//       co_await call.Finish({grpc::StatusCode::INVALID_ARGUMENT, "the name is empty"});
//       co_return;
//     }
//     co_await call.Finish(Greeting(call.request()));
//   }
//
// Thread safety and ownership: as call.h.

#ifndef RPC_UNARY_CALL_H_
#define RPC_UNARY_CALL_H_

#include "rpc/typed_call.h"

namespace rpc {

template <class RequestType, class ResponseType>
class UnaryCall final : public TypedCall<RequestType, ResponseType> {
 public:
  static constexpr Shape kShape = Shape::NORMAL_RPC;

  using TypedCall<RequestType, ResponseType>::TypedCall;

  const RequestType& request() const { return request_; }

  // Sends the response and OK. The response is taken when this is awaited, and must be there until
  // then: await it in the same expression. False: the caller is gone.
  auto Finish(const ResponseType& response) { return this->EndWith(response); }

  // Sends a status and no response. `status` must not be OK: that takes a response.
  auto Finish(const grpc::Status& status) { return this->EndWith(status); }

 private:
  template <class CallType>
  friend class Invocation;

  RequestType request_;
};

}  // namespace rpc

#endif  // RPC_UNARY_CALL_H_
