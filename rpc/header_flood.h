// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether bytes that wait in a connection's socket are a header block that goes on and on.
//
//   if (HasContinuation(peeked)) connection.End();
//
// gRPC 1.51 keeps what it has of a header field until it is whole, and copies all of it for each
// piece that arrives, whatever the limit on headers (CVE-2023-33953, which Debian has not mended):
// 3 MB of CONTINUATION frames hold up its one thread for seconds. No client of gRPC's sends such
// frames: they are for headers of more than 16 KiB, and gRPC refuses those of more than 8.
//
// Thread safety: a pure function.

#ifndef RPC_HEADER_FLOOD_H_
#define RPC_HEADER_FLOOD_H_

#include "absl/strings/string_view.h"

namespace rpc {

// `bytes` begin anywhere, also within a frame. True if two CONTINUATION frames of one stream follow
// one another somewhere: one alone may be part of a message.
bool HasContinuation(absl::string_view bytes);

}  // namespace rpc

#endif  // RPC_HEADER_FLOOD_H_
