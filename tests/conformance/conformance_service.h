// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The service that Connect's conformance suite calls: each request says what to answer.
//
//   ConformanceService service;
//   server.Add(&service);
//
// Thread safety and ownership: as rpc/service.h.

#ifndef TESTS_CONFORMANCE_CONFORMANCE_SERVICE_H_
#define TESTS_CONFORMANCE_CONFORMANCE_SERVICE_H_

#include "rpc/call/stream_calls.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"
#include "tests/conformance/conformance.pb.h"

namespace conformance {

namespace proto = connectrpc::conformance::v1;

class ConformanceService final : public rpc::Service {
 public:
  ConformanceService();

 private:
  template <class Request, class Response>
  rpc::Task Unary(rpc::UnaryCall<Request, Response>& call);
  rpc::Task ServerStream(
      rpc::ServerStreamCall<proto::ServerStreamRequest, proto::ServerStreamResponse>& call);
  rpc::Task ClientStream(
      rpc::ClientStreamCall<proto::ClientStreamRequest, proto::ClientStreamResponse>& call);
  rpc::Task BidiStream(rpc::BidiCall<proto::BidiStreamRequest, proto::BidiStreamResponse>& call);
};

}  // namespace conformance

#endif  // TESTS_CONFORMANCE_CONFORMANCE_SERVICE_H_
