// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// HTTP/2 frames by hand (RFC 9113), for clients that gRPC's own could not be made to be.
//
//   std::string bytes = std::string(kPreface) + Settings({}) + Request(1, "/udsecho.v1.Echo/Echo");
//   bytes += Data(1, GrpcMessage("\x0a\x02hi"), kEndStream);
//
// Header blocks are literals without an index (RFC 7541, 6.2.2): no state, no Huffman code. The
// server's are read by HeaderReader, whatever it makes of HPACK.
//
// Thread safety: pure functions; HeaderReader: none.

#ifndef TESTS_SECURITY_HTTP2_H_
#define TESTS_SECURITY_HTTP2_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

struct nghttp2_hd_inflater;

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
inline constexpr std::uint8_t kPriorityFlag = 0x20;

// SETTINGS.
inline constexpr std::uint16_t kHeaderTableSize = 1;
inline constexpr std::uint16_t kMaxConcurrentStreams = 3;
inline constexpr std::uint16_t kInitialWindowSize = 4;
inline constexpr std::uint16_t kMaxFrameSize = 5;
inline constexpr std::uint16_t kMaxHeaderListSize = 6;

// Error codes.
inline constexpr std::uint32_t kNoError = 0;
inline constexpr std::uint32_t kProtocolError = 1;
inline constexpr std::uint32_t kRefusedStream = 7;
inline constexpr std::uint32_t kCancel = 8;
inline constexpr std::uint32_t kEnhanceYourCalm = 11;

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
// Headers just as they are, in this order.
std::string LiteralBlock(const Headers& headers);

// gRPC's five bytes before a message, which may tell another length than it has.
std::string GrpcPrefix(std::uint32_t length);
std::string GrpcMessage(absl::string_view bytes);
// The whole of a call with one message.
std::string Call(std::uint32_t stream, absl::string_view method, absl::string_view message,
                 const Headers& more = {});

// The messages that DATA carried; what is left of an unfinished one counts as one too.
std::vector<std::string> MessagesIn(absl::string_view data);

// An udsecho.v1.EchoRequest with that message.
std::string EchoRequest(absl::string_view message);
// And with that delay.
std::string DelayedEchoRequest(absl::string_view message, std::uint32_t seconds);

// A number of the protocol's, big-endian, of up to four bytes.
std::uint32_t Number(absl::string_view bytes);

struct ReadFrame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// Takes the first frame off `bytes`, if it is whole.
std::optional<ReadFrame> TakeFrame(std::string* bytes);

// Reads the header blocks that one side of a connection sends: all of them, in their order, as they
// build on each other.
class HeaderReader {
 public:
  HeaderReader();

  // Nullopt, for good, when it is none.
  std::optional<Headers> Read(absl::string_view block);

 private:
  struct Delete {
    void operator()(nghttp2_hd_inflater* inflater) const;
  };

  std::unique_ptr<nghttp2_hd_inflater, Delete> inflater_;
};

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_HTTP2_H_
