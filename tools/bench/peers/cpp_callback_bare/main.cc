// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API and nothing beside it: cpp_callback_bare SOCKET_PATH

#include <grpcpp/grpcpp.h>

#include "tools/bench/peers/cpp_callback/callback_service.h"

int main(int argc, char** argv) {
  grpc::ServerBuilder builder;
  return peers::Serve(argc, argv, &builder);
}
