// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API and nothing beside it: cpp_callback_bare SOCKET_PATH

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>
#include <string>

#include "tools/bench/peers/answers.h"
#include "tools/bench/peers/cpp_callback/callback_service.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cpp_callback_bare SOCKET_PATH\n";
    return 2;
  }
  peers::CallbackService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + std::string(argv[1]), grpc::InsecureServerCredentials());
  builder.SetMaxReceiveMessageSize(peers::kMaxMessage);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
}
