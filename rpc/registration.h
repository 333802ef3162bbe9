// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service as one gRPC server knows it: its methods' paths and shapes. It stands where generated
// code would.
//
//   auto registration = std::make_shared<Registration>(methods);
//   initializer->RegisterService(registration);
//   registration->RequestAsyncUnary(0, ...);         // the next call of the first method
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

struct MethodName {
  std::string path;  // "/package.Service/Method"
  grpc::internal::RpcMethod::RpcType shape;
};

class Registration final : public grpc::Service {
 public:
  explicit Registration(const std::vector<MethodName>& methods) {
    int index = 0;
    for (const MethodName& method : methods) {
      AddMethod(new grpc::internal::RpcServiceMethod(method.path.c_str(), method.shape, nullptr));
      MarkMethodRaw(index++);
    }
  }

  using grpc::Service::RequestAsyncBidiStreaming;
  using grpc::Service::RequestAsyncClientStreaming;
  using grpc::Service::RequestAsyncServerStreaming;
  using grpc::Service::RequestAsyncUnary;
};

}  // namespace rpc

#endif  // RPC_REGISTRATION_H_
