// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call with one message each way.
//
//   rpc::Task Greeter::Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     if (call.request().name().empty()) {
//       co_await call.Finish(absl::InvalidArgumentError("the name is empty"));
//       co_return;
//     }
//     co_await call.Finish(Greeting(call.request()));
//   }
//
// Thread safety and ownership: as call.h.

#ifndef RPC_CALL_UNARY_CALL_H_
#define RPC_CALL_UNARY_CALL_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rpc/call/typed_call.h"

namespace rpc {

template <class RequestType, class ResponseType>
class UnaryCall : public TypedCall<RequestType, ResponseType> {
 public:
  static constexpr Shape kShape = Shape::kUnary;

  using TypedCall<RequestType, ResponseType>::TypedCall;

  const RequestType& request() const { return request_; }
  // For a handler that moves parts of the request into its response.
  RequestType* mutable_request() { return &request_; }

  // Each ends the call. False if it had ended already, or if there was no memory for the response:
  // end_status() has the status that was sent.
  auto Finish(const ResponseType& response) { return this->EndWith(response); }
  // OK takes a response: given here, it is sent as INTERNAL.
  auto Finish(const absl::Status& status) { return this->EndWithError(status); }
  auto Finish(const absl::StatusOr<ResponseType>& end) {
    return end.ok() ? this->EndWith(*end) : this->EndWith(end.status());
  }

 protected:
  RequestType request_;
};

}  // namespace rpc

#endif  // RPC_CALL_UNARY_CALL_H_
