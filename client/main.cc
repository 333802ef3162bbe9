// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "absl/synchronization/mutex.h"
#include "client/interrupt.h"
#include "client/run.h"
#include "grpc/grpc.h"
#include "uds/standard_descriptors.h"

int main(int argc, char** argv) {
  uds::OccupyStandardDescriptors();
  udsecho::client::Interrupt interrupt;
  interrupt.ListenToSignals();
  // Debian's abseil looks for deadlocks at every lock, gRPC's too.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // Held to the end: gRPC's last shutdown may wait 10 s for a thread that finished a blocked write.
  grpc_init();
  return udsecho::client::Run(argc, argv, {.interrupt = &interrupt, .bounds_memory = true});
}
