// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// gRPC calls as HTTP/2 frames by hand (tests/http2/frames.h), for what gRPC's own clients never send.
//
//   std::string bytes = std::string(kPreface) + SettingsFrame({});
//   bytes += Request(1, "/udsecho.v1.Echo/Echo");
//   bytes += DataFrame(1, GrpcMessage("\x0a\x02hi"), kEndStream);
//
// HeaderReader reads the server's header blocks, whatever the server makes of HPACK.
//
// Thread safety: pure functions; HeaderReader: none.

#ifndef TESTS_SECURITY_HTTP2_H_
#define TESTS_SECURITY_HTTP2_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/http2/frames.h"

struct nghttp2_hd_inflater;

namespace udsecho::security {

inline constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

using enum http2::FrameType;
using enum http2::FrameFlag;
using enum http2::SettingId;
using enum http2::ErrorCode;
using http2::DataFrame;
using http2::FrameOf;
using http2::FrameType;
using http2::GoAwayFrame;
using http2::HeaderBlock;
using http2::Headers;
using http2::NumberOf;
using http2::PingFrame;
using http2::PriorityFrame;
using http2::ResetFrame;
using http2::SettingsAck;
using http2::SettingsFrame;
using http2::WindowUpdateFrame;

// The headers of a gRPC call, and `more`.
std::string CallBlock(absl::string_view method, const Headers& more = {});
// A HEADERS frame with them.
std::string Request(std::uint32_t stream, absl::string_view method, const Headers& more = {});

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
