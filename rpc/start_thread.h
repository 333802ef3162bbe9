// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Starts a thread, or says that there can be none.
//
//   absl::Status started = StartThread([this] { Run(); }, &thread_);
//
// Thread safety: a free function without state.

#ifndef RPC_START_THREAD_H_
#define RPC_START_THREAD_H_

#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace rpc {

// RESOURCE_EXHAUSTED when the user, the cgroup or the machine has as many as it may.
inline absl::Status StartThread(std::function<void()> work, std::thread* thread) {
  try {
    *thread = std::thread(std::move(work));
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start a thread: ", error.code().message(),
                     "; raise `ulimit -u`, or TasksMax= of the service"));
  }
  return absl::OkStatus();
}

}  // namespace rpc

#endif  // RPC_START_THREAD_H_
