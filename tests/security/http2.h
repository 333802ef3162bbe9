// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// HTTP/2 frames by hand (RFC 9113), for clients that gRPC's own could not be made to be.
//
//   std::string bytes = std::string(kPreface) + Settings({}) + Request(1, "/udsecho.v1.Echo/Echo");
//   bytes += Data(1, GrpcMessage("\x0a\x02hi"), kEndStream);
//
// Header blocks are literals without an index (RFC 7541, 6.2.2): no state, no Huffman code. The
// server's are read as long as it keeps no table either, so say Settings({{kHeaderTableSize, 0}}).
//
// Thread safety: pure functions.

#ifndef TESTS_SECURITY_HTTP2_H_
#define TESTS_SECURITY_HTTP2_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace udsecho::security {

inline constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kRstStream = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};

// Flags.
inline constexpr std::uint8_t kNone = 0;
inline constexpr std::uint8_t kAck = 0x1;
inline constexpr std::uint8_t kEndStream = 0x1;
inline constexpr std::uint8_t kEndHeaders = 0x4;
inline constexpr std::uint8_t kPadded = 0x8;

// SETTINGS.
inline constexpr std::uint16_t kHeaderTableSize = 1;
inline constexpr std::uint16_t kInitialWindowSize = 4;
inline constexpr std::uint16_t kMaxFrameSize = 5;

// Error codes.
inline constexpr std::uint32_t kCancel = 8;

using Headers = std::vector<std::pair<std::string, std::string>>;

std::string Frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  absl::string_view payload);

std::string Settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& values);
std::string SettingsAck();
std::string Ping(std::uint64_t opaque, std::uint8_t flags = kNone);
std::string Data(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags = kNone);
std::string Reset(std::uint32_t stream, std::uint32_t code = kCancel);
std::string WindowUpdate(std::uint32_t stream, std::uint32_t bytes);
std::string Priority(std::uint32_t stream, std::uint32_t depends_on);
std::string GoAway(std::uint32_t last_stream, std::uint32_t code);

// The headers of a gRPC call, and `more`.
std::string HeaderBlock(absl::string_view method, const Headers& more = {});
// A HEADERS frame with them.
std::string Request(std::uint32_t stream, absl::string_view method, const Headers& more = {});

// gRPC's five bytes before a message, which may tell another length than it has.
std::string GrpcPrefix(std::uint32_t length);
std::string GrpcMessage(absl::string_view bytes);

// An udsecho.v1.EchoRequest with that message.
std::string EchoRequest(absl::string_view message);
// And with that delay.
std::string DelayedEchoRequest(absl::string_view message, std::uint32_t seconds);

struct ReadFrame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

// Takes the first frame off `bytes`, if it is whole.
std::optional<ReadFrame> TakeFrame(std::string* bytes);

// Of a header block without Huffman code or a table; nullopt for any other.
std::optional<Headers> ReadHeaderBlock(absl::string_view block);

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_HTTP2_H_
