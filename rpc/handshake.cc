// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/handshake.h"

#include <algorithm>

namespace rpc {
namespace {

constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHead = kHandshakeHead - kPreface.size();

// RFC 9113, 6.5: a setting has 6 bytes, and no frame is longer than this before a setting said so.
constexpr std::size_t kSettingBytes = 6;
constexpr std::size_t kMaxFrameBytes = 16'384;

constexpr char kSettings = 4;

}  // namespace

Handshake LookAtHandshake(absl::string_view head, std::size_t available) {
  const std::size_t seen = std::min(head.size(), kPreface.size());
  if (head.substr(0, seen) != kPreface.substr(0, seen)) return Handshake::kForeign;
  if (head.size() < kHandshakeHead) return Handshake::kIncomplete;

  const absl::string_view frame = head.substr(kPreface.size(), kFrameHead);
  std::size_t length = 0;
  for (const char byte : frame.substr(0, 3))
    length = length << 8 | static_cast<unsigned char>(byte);
  // No flag, as an acknowledgement has nothing to acknowledge; and of the connection, not a stream.
  const bool settings =
      frame[3] == kSettings && frame.substr(4) == absl::string_view("\0\0\0\0\0", 5);
  if (!settings || length % kSettingBytes != 0 || length > kMaxFrameBytes) {
    return Handshake::kForeign;
  }
  return available < kHandshakeHead + length ? Handshake::kIncomplete : Handshake::kComplete;
}

}  // namespace rpc
