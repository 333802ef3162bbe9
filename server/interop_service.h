// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// grpc.testing.TestService, which gRPC's interoperability tests call: see
// github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md.
//
//   InteropService interop(4 << 20);
//   server.Add(&interop);
//
// TestService.UnimplementedCall has no handler, nor has grpc.testing.UnimplementedService: that is
// what their tests are about.
//
// Thread safety: handlers run on the server's threads.

#ifndef SERVER_INTEROP_SERVICE_H_
#define SERVER_INTEROP_SERVICE_H_

#include <string>

#include "grpc/testing/empty.pb.h"
#include "grpc/testing/messages.pb.h"
#include "rpc/call/stream_calls.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"

namespace udsecho {

class InteropService final : public rpc::Service {
 public:
  // `max_payload`: the longest that may be asked for, in bytes; INVALID_ARGUMENT above it.
  explicit InteropService(int max_payload);

 private:
  using Empty = grpc::testing::Empty;
  using Simple = grpc::testing::SimpleRequest;
  using SimpleReply = grpc::testing::SimpleResponse;
  using Input = grpc::testing::StreamingInputCallRequest;
  using InputReply = grpc::testing::StreamingInputCallResponse;
  using Output = grpc::testing::StreamingOutputCallRequest;
  using OutputReply = grpc::testing::StreamingOutputCallResponse;

  absl::Status Begin(rpc::Call& call) override;

  rpc::Task EmptyCall(rpc::UnaryCall<Empty, Empty>& call);
  rpc::Task UnaryCall(rpc::UnaryCall<Simple, SimpleReply>& call);
  rpc::Task CacheableUnaryCall(rpc::UnaryCall<Simple, SimpleReply>& call);
  rpc::Task StreamingInputCall(rpc::ClientStreamCall<Input, InputReply>& call);
  rpc::Task StreamingOutputCall(rpc::ServerStreamCall<Output, OutputReply>& call);
  rpc::Task FullDuplexCall(rpc::BidiCall<Output, OutputReply>& call);
  rpc::Task HalfDuplexCall(rpc::BidiCall<Output, OutputReply>& call);

  // Sends what one request asks for. `end` is then OK, or the status to end the call with; not OK
  // also when the caller has gone.
  template <class ManyOut>
  rpc::Task SendOutputs(ManyOut& call, const Output& request, absl::Status* end);

  absl::Status CheckSize(int size) const;

  const int max_payload_;
  // For requests that want to know which server answers: no other one has it.
  const std::string server_id_;
};

}  // namespace udsecho

#endif  // SERVER_INTEROP_SERVICE_H_
