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

#include <utility>

#include "grpcpp/impl/rpc_method.h"
#include "grpcpp/support/async_stream.h"
#include "grpcpp/support/byte_buffer.h"
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
    return Operation([this](void* tag) { stream_.Read(&read_bytes_, tag); },
                     [this, request](bool ok) { return ok && ParseInto(request, &read_bytes_); });
  }

  auto WriteNext(const Response& response, grpc::WriteOptions options) {
    // gRPC sends the headers with the first message, and waits for them to be sent.
    if (!std::exchange(headers_sent_, true)) options.clear_buffer_hint();
    return Send([this, &response, options](void* tag) {
      stream_.Write(response, options, tag);
      return EncodedSize(response);
    });
  }

  // Sends the response and OK, unless a request could not be taken.
  auto EndWith(const Response& response) {
    return Send([this, &response](void* tag) {
      if (!Verdict(grpc::Status::OK).ok()) return FinishStream(grpc::Status::OK, tag);
      finishing_ = true;
      stream_.WriteAndFinish(response, grpc::WriteOptions(), grpc::Status::OK, tag);
      return EncodedSize(response);
    });
  }

  auto EndWith(const grpc::Status& status) {
    return Send([this, status](void* tag) { return FinishStream(status, tag); });
  }

 private:
  template <class CallType>
  friend class Invocation;
  friend class Service;

  // For the shapes with one message in: has `tag` told when it is there, then parses it.
  void AwaitRequest(Tag* tag) { stream_.Read(&read_bytes_, tag); }
  bool ParseRequest(Request* request) { return ParseInto(request, &read_bytes_); }

  std::size_t FinishStream(const grpc::Status& status, void* tag) {
    finishing_ = true;
    stream_.Finish(Verdict(status), tag);
    return kNoMessage;
  }
  void FinishWith(const grpc::Status& status, Tag* tag) override { FinishStream(status, tag); }

  bool headers_sent_ = false;
  grpc::ByteBuffer read_bytes_;
  grpc::ServerAsyncReaderWriter<Response, grpc::ByteBuffer> stream_{&context()};
};

}  // namespace rpc

#endif  // RPC_TYPED_CALL_H_
