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
// Flow control is gRPC's: Write() is resumed when the message was taken for sending, which for a
// caller that does not read is never, until the call is cancelled.
//
// Thread safety and ownership: as call.h.

#ifndef RPC_STREAM_CALLS_H_
#define RPC_STREAM_CALLS_H_

#include "grpcpp/impl/rpc_method.h"
#include "grpcpp/support/async_stream.h"
#include "rpc/call.h"
#include "rpc/operation.h"

namespace rpc {

// One message in, many out.
template <class RequestType, class ResponseType>
class ServerStreamCall final : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr auto kShape = grpc::internal::RpcMethod::SERVER_STREAMING;

  using Call::Call;

  const Request& request() const { return request_; }

  auto Write(const Response& response) {
    return Send([this, &response](void* tag) {
      stream_.Write(response, tag);
      return EncodedSize(response);
    });
  }

  auto Finish(const grpc::Status& status) {
    return Send([this, status](void* tag) {
      End(status, tag);
      return kNoMessage;
    });
  }

 private:
  template <class CallType>
  friend class Invocation;
  friend class Service;

  // The request came with the call: false if it cannot be parsed.
  bool ParseRequest() { return ParseInto(&request_, &request_bytes_); }

  void End(const grpc::Status& status, void* tag) {
    finishing_ = true;
    stream_.Finish(Verdict(status), tag);
  }
  void FinishWith(const grpc::Status& status, Tag* tag) override { End(status, tag); }

  Request request_;
  grpc::ByteBuffer request_bytes_;
  grpc::ServerAsyncWriter<Response> stream_{&context()};
};

// Many messages in, one out.
template <class RequestType, class ResponseType>
class ClientStreamCall final : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr auto kShape = grpc::internal::RpcMethod::CLIENT_STREAMING;

  using Call::Call;

  auto Read(Request* request) {
    return Operation([this](void* tag) { stream_.Read(&read_bytes_, tag); },
                     [this, request](bool ok) { return ok && ParseInto(request, &read_bytes_); });
  }

  // Sends the response and OK.
  auto Finish(const Response& response) {
    return Send([this, &response](void* tag) {
      finishing_ = true;
      const grpc::Status& verdict = Verdict(grpc::Status::OK);
      if (verdict.ok()) {
        stream_.Finish(response, verdict, tag);
        return EncodedSize(response);
      }
      stream_.FinishWithError(verdict, tag);
      return kNoMessage;
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

  void Fail(const grpc::Status& status, void* tag) {
    finishing_ = true;
    stream_.FinishWithError(Verdict(status), tag);
  }
  void FinishWith(const grpc::Status& status, Tag* tag) override { Fail(status, tag); }

  grpc::ByteBuffer read_bytes_;
  grpc::ServerAsyncReader<Response, grpc::ByteBuffer> stream_{&context()};
};

// Many messages each way, in any order.
template <class RequestType, class ResponseType>
class BidiCall final : public Call {
 public:
  using Request = RequestType;
  using Response = ResponseType;
  static constexpr auto kShape = grpc::internal::RpcMethod::BIDI_STREAMING;

  using Call::Call;

  auto Read(Request* request) {
    return Operation([this](void* tag) { stream_.Read(&read_bytes_, tag); },
                     [this, request](bool ok) { return ok && ParseInto(request, &read_bytes_); });
  }

  auto Write(const Response& response) {
    return Send([this, &response](void* tag) {
      stream_.Write(response, tag);
      return EncodedSize(response);
    });
  }

  auto Finish(const grpc::Status& status) {
    return Send([this, status](void* tag) {
      End(status, tag);
      return kNoMessage;
    });
  }

 private:
  template <class CallType>
  friend class Invocation;
  friend class Service;

  void End(const grpc::Status& status, void* tag) {
    finishing_ = true;
    stream_.Finish(Verdict(status), tag);
  }
  void FinishWith(const grpc::Status& status, Tag* tag) override { End(status, tag); }

  grpc::ByteBuffer read_bytes_;
  grpc::ServerAsyncReaderWriter<Response, grpc::ByteBuffer> stream_{&context()};
};

}  // namespace rpc

#endif  // RPC_STREAM_CALLS_H_
