// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API, with health and reflection, as most write it:
// cpp_callback SOCKET_PATH

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "tools/bench/peers/cpp_callback/callback_service.h"

int main(int argc, char** argv) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  return peers::Serve(argc, argv, &builder);
}
