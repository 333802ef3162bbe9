// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/calls.h"

#include "absl/status/status.h"
#include "rpc/call/call.h"

namespace rpc {

void Calls::Drain() {
  draining_ = true;
  // One that drains may end, but it stays in the list until its stream has.
  for (Link* link = first_; link != nullptr; link = link->next) link->call->Drain();
}

std::size_t Calls::Cut() {
  std::size_t cut = 0;
  for (Link* link = first_; link != nullptr; link = link->next) {
    if (link->call->is_answered()) continue;
    ++cut;
    link->call->Cancel(absl::UnavailableError(
        "the server stopped before the call was done; connect again and retry"));
  }
  return cut;
}

}  // namespace rpc
