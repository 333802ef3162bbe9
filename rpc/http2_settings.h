// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a server's limits are to HTTP/2.
//
//   const http2::Settings settings = rpc::SettingsOf(options.limits);
//
// Thread safety: a pure function.

#ifndef RPC_HTTP2_SETTINGS_H_
#define RPC_HTTP2_SETTINGS_H_

#include <cstdint>

#include "http2/connection.h"
#include "rpc/limits.h"

namespace rpc {

inline http2::Settings SettingsOf(const Limits& limits) {
  constexpr std::uint32_t kToldWhy = 64;  // of the calls over the limit
  return {.max_streams = static_cast<std::uint32_t>(limits.CallsPerUid()),
          .streams_above_max = kToldWhy,
          .max_header_bytes = static_cast<std::uint32_t>(limits.max_metadata_bytes),
          .handshake_timeout = limits.handshake_timeout,
          .send_timeout = limits.send_timeout,
          .max_idle = limits.max_connection_idle,
          .max_age = limits.max_connection_age,
          .max_age_grace = limits.max_connection_age_grace,
          .min_ping_interval = limits.min_ping_interval,
          .pings_when_idle = limits.pings_when_idle};
}

}  // namespace rpc

#endif  // RPC_HTTP2_SETTINGS_H_
