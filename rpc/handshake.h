// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether what a connection has sent so far begins an HTTP/2 conversation.
//
//   char bytes[kHandshakeHead];
//   const ssize_t count = recv(fd, bytes, sizeof(bytes), MSG_PEEK);
//   switch (LookAtHandshake({bytes, count}, bytes_in_the_socket)) { ... }
//
// A client opens with 24 bytes that no other protocol sends and a SETTINGS frame (RFC 9113, 3.4),
// at once and without waiting for the server. gRPC gives a connection that was adopted no time
// limit for that, so that who says nothing would stay for good.
//
// Thread safety: a pure function.

#ifndef RPC_HANDSHAKE_H_
#define RPC_HANDSHAKE_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace rpc {

// The preface, and the head of a frame.
inline constexpr std::size_t kHandshakeHead = 24 + 9;

enum class Handshake {
  kIncomplete,  // as far as it goes
  kComplete,
  kForeign,  // not HTTP/2
};

// `head`: the first bytes, at most kHandshakeHead of them. `available`: how many there are.
Handshake LookAtHandshake(absl::string_view head, std::size_t available);

}  // namespace rpc

#endif  // RPC_HANDSHAKE_H_
