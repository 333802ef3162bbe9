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

#include "grpcpp/impl/rpc_method.h"
#include "grpcpp/support/async_unary_call.h"
#include "rpc/call.h"

namespace rpc {

template <class RequestType, class ResponseType>
class UnaryCall final : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr auto kShape = grpc::internal::RpcMethod::NORMAL_RPC;

  using Call::Call;

  const Request& request() const { return request_; }

  // Sends the response and OK. The response is taken when this is awaited, and must be there until
  // then: await it in the same expression. False: the caller is gone.
  auto Finish(const Response& response) {
    return Send([this, &response](void* tag) {
      finishing_ = true;
      stream_.Finish(response, grpc::Status::OK, tag);
      return EncodedSize(response);
    });
  }

  // Sends a status and no response. `status` must not be OK: that takes a response.
  auto Finish(const grpc::Status& status) {
    return Send([this, status](void* tag) {
      Fail(status, tag);
      return kNoMessage;
    });
  }

 private:
  template <class CallType>
  friend class Invocation;
  friend class Service;

  // The request came with the call: false if it cannot be parsed.
  bool ParseRequest() { return ParseInto(&request_, &request_bytes_); }

  void Fail(const grpc::Status& status, void* tag) {
    finishing_ = true;
    stream_.FinishWithError(Verdict(status), tag);
  }
  void FinishWith(const grpc::Status& status, Tag* tag) override { Fail(status, tag); }

  Request request_;
  grpc::ByteBuffer request_bytes_;
  grpc::ServerAsyncResponseWriter<Response> stream_{&context()};
};

}  // namespace rpc

#endif  // RPC_UNARY_CALL_H_
