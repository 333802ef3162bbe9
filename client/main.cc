// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "absl/synchronization/mutex.h"
#include "client/run.h"

int main(int argc, char** argv) {
  // Debian's abseil looks for deadlocks at every lock, gRPC's too.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return udsecho::client::Run(argc, argv, {});
}
