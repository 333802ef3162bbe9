// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service as one gRPC server knows it: the paths of its methods. It stands where generated code
// would.
//
//   auto registration = std::make_shared<Registration>(paths);
//   initializer->RegisterService(registration);
//   registration->RequestAsyncBidiStreaming(0, ...);         // the next call of the first method
//
// Each method is a stream both ways to gRPC: of others it tells only once a whole message is there.
//
// Several servers may serve one rpc::Service, each by a registration of its own: gRPC wants that.
//
// Thread safety: as grpc::Service. Ownership: borrows the paths, to which gRPC keeps pointers.

#ifndef RPC_REGISTRATION_H_
#define RPC_REGISTRATION_H_

#include <string>
#include <vector>

#include "grpcpp/impl/rpc_method.h"
#include "grpcpp/impl/rpc_service_method.h"
#include "grpcpp/impl/service_type.h"

namespace rpc {

class Registration final : public grpc::Service {
 public:
  // Each path is "/package.Service/Method".
  explicit Registration(const std::vector<std::string>& paths) {
    int index = 0;
    for (const std::string& path : paths) {
      AddMethod(new grpc::internal::RpcServiceMethod(
          path.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      MarkMethodRaw(index++);
    }
  }

  using grpc::Service::RequestAsyncBidiStreaming;
};

}  // namespace rpc

#endif  // RPC_REGISTRATION_H_
