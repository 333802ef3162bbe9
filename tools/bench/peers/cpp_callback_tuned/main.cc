// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The Echo service on gRPC's callback API, with what makes it faster from outside:
// cpp_callback_tuned SOCKET_PATH

#include <grpcpp/grpcpp.h>

#include "absl/synchronization/mutex.h"
#include "tools/bench/peers/cpp_callback/callback_service.h"

int main(int argc, char** argv) {
  // Debian builds abseil without NDEBUG, and every mutex then looks for deadlocks.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  grpc::ServerBuilder builder;
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  return peers::Serve(argc, argv, &builder);
}
