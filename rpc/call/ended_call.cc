// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/call/ended_call.h"

#include "rpc/call/call.h"

namespace rpc {

void Call::Tell(const std::function<void(const EndedCall&)>& hook,
                const absl::Status& status) const {
  if (!hook) return;
  const http2::Nanoseconds took = begun_at_ == 0 ? 0 : calls_.loop().clock().Now() - begun_at_;
  hook({.path = stream_.path(),
        .connection = *connection_,
        .status = status,
        .duration = absl::Nanoseconds(took),
        .bytes_received = bytes_received_,
        .bytes_sent = bytes_sent_,
        .call = this});
}

}  // namespace rpc
