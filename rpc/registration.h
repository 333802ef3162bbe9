// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A service as one gRPC server knows it: the paths of its methods. It stands where generated code
// would.
//
//   auto registration = std::make_shared<Registration>(paths);
//   initializer->RegisterService(registration);
//   registration->Start(server->c_server());
//   registration->Request(0, &call, queue, &arrived);       // the next call of the first method
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
#include "rpc/core_call.h"
#include "rpc/tag.h"

namespace rpc {

class Registration final : public grpc::Service {
 public:
  // Each path is "/package.Service/Method".
  explicit Registration(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      methods_.push_back(new grpc::internal::RpcServiceMethod(
          path.c_str(), grpc::internal::RpcMethod::BIDI_STREAMING, nullptr));
      AddMethod(methods_.back());
      MarkMethodRaw(static_cast<int>(methods_.size()) - 1);
    }
  }

  // The server that it was registered with, which was started.
  void Start(grpc_server* server) { server_ = server; }

  void Request(int index, CoreCall* call, grpc_completion_queue* queue, CoreTag* tag) {
    call->Request(server_, methods_[static_cast<std::size_t>(index)]->server_tag(), queue, tag);
  }

 private:
  std::vector<grpc::internal::RpcServiceMethod*> methods_;  // grpc::Service owns them
  grpc_server* server_ = nullptr;
};

}  // namespace rpc

#endif  // RPC_REGISTRATION_H_
