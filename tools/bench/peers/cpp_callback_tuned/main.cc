// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API, with what makes it faster from outside:
// cpp_callback_tuned SOCKET_PATH

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <memory>
#include <string>

#include "absl/synchronization/mutex.h"
#include "tools/bench/peers/answers.h"
#include "tools/bench/peers/cpp_callback/callback_service.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: cpp_callback_tuned SOCKET_PATH\n";
    return 2;
  }
  // Debian builds abseil without NDEBUG, and every mutex then looks for deadlocks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  peers::CallbackService service;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + std::string(argv[1]), grpc::InsecureServerCredentials());
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder.SetMaxReceiveMessageSize(peers::kMaxMessage);
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  server->Wait();
}
