// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A call with its messages' types: what the four shapes (unary_call.h, stream_calls.h) are made of.
//
// To gRPC they are all streams of raw bytes. So a call is known, counted and perhaps refused by its
// headers, before a byte of its message is waited for; and what it sent is parsed here, where a
// failure can be told apart from an end.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_TYPED_CALL_H_
#define RPC_TYPED_CALL_H_

#include "grpcpp/impl/rpc_method.h"
#include "rpc/call.h"
#include "rpc/operation.h"
#include "rpc/wire.h"

namespace rpc {

using Shape = grpc::internal::RpcMethod::RpcType;

template <class RequestType, class ResponseType>
class TypedCall : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;

  using Call::Call;

 protected:
  auto ReadNext(Request* request) {
    return Operation([this](CoreTag* tag) { core().Read(tag); },
                     [this, request](bool ok) { return ok && ParseReceived(request); });
  }

  auto WriteNext(const Response& response, const grpc::WriteOptions& options) {
    return Send([this, &response, options](CoreTag* tag) {
      core().Write(EncodeCounted(response), options.flags(), tag);
    });
  }

  // Sends the response and OK, unless a request could not be taken.
  auto EndWith(const Response& response) {
    return Send([this, &response](CoreTag* tag) {
      if (!Verdict(grpc::Status::OK).ok()) return FinishWith(grpc::Status::OK, tag);
      finishing_ = true;
      core().Finish(grpc::Status::OK, EncodeCounted(response), tag);
    });
  }

  auto EndWith(const grpc::Status& status) {
    return Send([this, status](CoreTag* tag) { FinishWith(status, tag); });
  }

 private:
  // Counted before gRPC has it: who has the answer and asks on another thread finds it counted.
  grpc_byte_buffer* EncodeCounted(const Response& response) {
    grpc_byte_buffer* const bytes = Encode(response);
    HoldSent(EncodedSize(response));
    return bytes;
  }
};

}  // namespace rpc

#endif  // RPC_TYPED_CALL_H_
