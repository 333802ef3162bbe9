// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// HTTP/2 frames by hand (RFC 9113, 6), right ones and wrong ones.
//
//   std::string bytes = std::string(kPreface) + SettingsFrame({});
//   bytes += HeadersFrame(1, Get("/hello"), kEndHeaders | kEndStream);
//
// Header blocks are literals that are not indexed (RFC 7541, 6.2.2), without Huffman code.
//
// Thread safety: pure functions.

#ifndef TESTS_HTTP2_FRAMES_H_
#define TESTS_HTTP2_FRAMES_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace http2 {

using Headers = std::vector<std::pair<std::string, std::string>>;

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

enum FrameFlag : std::uint8_t {
  kNone = 0,
  kAck = 0x1,
  kEndStream = 0x1,
  kEndHeaders = 0x4,
  kPadded = 0x8,
  kPriorityFlag = 0x20,
};

enum SettingId : std::uint16_t {
  kHeaderTableSize = 1,
  kMaxConcurrentStreams = 3,
  kInitialWindowSize = 4,
  kMaxFrameSize = 5,
  kMaxHeaderListSize = 6,
};

enum ErrorCode : std::uint32_t {  // RFC 9113, 7
  kNoError = 0,
  kProtocolError = 1,
  kFlowControlError = 3,
  kStreamClosed = 5,
  kRefusedStream = 7,
  kCancel = 8,
  kEnhanceYourCalm = 11,
};

// Where a client's bytes are no different from one test to the next.
inline constexpr std::uint32_t kWindow = 65'535;  // each, until SETTINGS or WINDOW_UPDATE say more

std::string FrameOf(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                    absl::string_view payload);

std::string SettingsFrame(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& values);
std::string SettingsAck();
std::string PingFrame(absl::string_view eight_bytes = "pingping", std::uint8_t flags = 0);
std::string PingFrame(std::uint64_t number, std::uint8_t flags = 0);
std::string DataFrame(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags = 0);
std::string PaddedDataFrame(std::uint32_t stream, absl::string_view bytes, std::uint8_t padding,
                            std::uint8_t flags = 0);
std::string ResetFrame(std::uint32_t stream, std::uint32_t code = kCancel);
std::string WindowUpdateFrame(std::uint32_t stream, std::uint32_t bytes);
std::string PriorityFrame(std::uint32_t stream, std::uint32_t depends_on);
std::string GoAwayFrame(std::uint32_t last_stream, std::uint32_t code);

// The fields of a request.
Headers Get(absl::string_view path, const Headers& more = {});
Headers Post(absl::string_view path, const Headers& more = {});

std::string HeaderBlock(const Headers& headers);
std::string HeadersFrame(std::uint32_t stream, const Headers& headers, std::uint8_t flags);

// A whole request without a body, and one whose body is to follow.
std::string GetFrame(std::uint32_t stream, absl::string_view path);
std::string PostFrame(std::uint32_t stream, absl::string_view path);

// A number as four bytes, and the number that up to four bytes stand for (network order).
std::string FourBytes(std::uint32_t number);
std::uint32_t NumberOf(absl::string_view bytes);

std::string Repeated(absl::string_view bytes, int times);

}  // namespace http2

#endif  // TESTS_HTTP2_FRAMES_H_
