// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API.
//
//   grpc::ServerBuilder builder;
//   return peers::Serve(argc, argv, &builder);
//
// Thread safety: gRPC calls it from several threads; it has no state of its own.
// Ownership: each stream's reactor deletes itself when the call is done.

#ifndef TOOLS_BENCH_PEERS_CPP_CALLBACK_CALLBACK_SERVICE_H_
#define TOOLS_BENCH_PEERS_CPP_CALLBACK_CALLBACK_SERVICE_H_

#include <grpcpp/grpcpp.h>

#include "udsecho/v1/echo.grpc.pb.h"

namespace peers {

class CallbackService final : public udsecho::v1::Echo::CallbackService {
 public:
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const udsecho::v1::EchoRequest* request,
                                 udsecho::v1::EchoResponse* response) override;
  grpc::ServerWriteReactor<udsecho::v1::EchoResponse>* Expand(
      grpc::CallbackServerContext* context, const udsecho::v1::ExpandRequest* request) override;
  grpc::ServerReadReactor<udsecho::v1::EchoRequest>* Collect(
      grpc::CallbackServerContext* context, udsecho::v1::CollectResponse* response) override;
  grpc::ServerBidiReactor<udsecho::v1::EchoRequest, udsecho::v1::EchoResponse>* Chat(
      grpc::CallbackServerContext* context) override;
};

// Serves at the path that the command line names, with what the builder was told, until a signal.
// The exit code.
int Serve(int argc, char** argv, grpc::ServerBuilder* builder);

}  // namespace peers

#endif  // TOOLS_BENCH_PEERS_CPP_CALLBACK_CALLBACK_SERVICE_H_
