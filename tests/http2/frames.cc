// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/http2/frames.h"

#include "absl/strings/str_cat.h"

namespace http2 {
namespace {

// An integer with a prefix of 7 bits (RFC 7541, 5.1), and the string of that length.
std::string Literal(absl::string_view text) {
  std::string bytes;
  std::size_t length = text.size();
  if (length < 127) {
    bytes += static_cast<char>(length);
  } else {
    bytes += static_cast<char>(127);
    for (length -= 127; length >= 128; length /= 128) {
      bytes += static_cast<char>(length % 128 + 128);
    }
    bytes += static_cast<char>(length);
  }
  return absl::StrCat(bytes, text);
}

Headers Request(absl::string_view method, absl::string_view path, const Headers& more) {
  Headers headers = {{":method", std::string(method)},
                     {":scheme", "http"},
                     {":path", std::string(path)},
                     {":authority", "localhost"}};
  headers.insert(headers.end(), more.begin(), more.end());
  return headers;
}

}  // namespace

std::string FourBytes(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

std::uint32_t NumberOf(absl::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) {
    number = number << 8 | static_cast<std::uint8_t>(byte);
  }
  return number;
}

std::string FrameOf(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                    absl::string_view payload) {
  std::string head = FourBytes(static_cast<std::uint32_t>(payload.size())).substr(1);
  head += static_cast<char>(type);
  head += static_cast<char>(flags);
  return absl::StrCat(head, FourBytes(stream), payload);
}

std::string SettingsFrame(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& values) {
  std::string payload;
  for (const auto& [key, value] : values) {
    absl::StrAppend(&payload, FourBytes(key).substr(2), FourBytes(value));
  }
  return FrameOf(kSettings, 0, 0, payload);
}

std::string SettingsAck() { return FrameOf(kSettings, kAck, 0, ""); }

std::string PingFrame(absl::string_view eight_bytes, std::uint8_t flags) {
  return FrameOf(kPing, flags, 0, eight_bytes);
}

std::string PingFrame(std::uint64_t number, std::uint8_t flags) {
  return PingFrame(FourBytes(static_cast<std::uint32_t>(number >> 32)) +
                       FourBytes(static_cast<std::uint32_t>(number)),
                   flags);
}

std::string DataFrame(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags) {
  return FrameOf(kData, flags, stream, bytes);
}

std::string PaddedDataFrame(std::uint32_t stream, absl::string_view bytes, std::uint8_t padding,
                            std::uint8_t flags) {
  return FrameOf(
      kData, flags | kPadded, stream,
      absl::StrCat(std::string(1, static_cast<char>(padding)), bytes, std::string(padding, '\0')));
}

std::string ResetFrame(std::uint32_t stream, std::uint32_t code) {
  return FrameOf(kRstStream, 0, stream, FourBytes(code));
}

std::string WindowUpdateFrame(std::uint32_t stream, std::uint32_t bytes) {
  return FrameOf(kWindowUpdate, 0, stream, FourBytes(bytes));
}

std::string PriorityFrame(std::uint32_t stream, std::uint32_t depends_on) {
  return FrameOf(kPriority, 0, stream, absl::StrCat(FourBytes(depends_on), "\x10"));
}

std::string GoAwayFrame(std::uint32_t last_stream, std::uint32_t code) {
  return FrameOf(kGoAway, 0, 0, absl::StrCat(FourBytes(last_stream), FourBytes(code)));
}

Headers Get(absl::string_view path, const Headers& more) { return Request("GET", path, more); }
Headers Post(absl::string_view path, const Headers& more) { return Request("POST", path, more); }

std::string HeaderBlock(const Headers& headers) {
  std::string block;
  for (const auto& [name, value] : headers) {
    block += '\0';
    absl::StrAppend(&block, Literal(name), Literal(value));
  }
  return block;
}

std::string HeadersFrame(std::uint32_t stream, const Headers& headers, std::uint8_t flags) {
  return FrameOf(kHeaders, flags, stream, HeaderBlock(headers));
}

std::string GetFrame(std::uint32_t stream, absl::string_view path) {
  return HeadersFrame(stream, Get(path), kEndHeaders | kEndStream);
}

std::string PostFrame(std::uint32_t stream, absl::string_view path) {
  return HeadersFrame(stream, Post(path), kEndHeaders);
}

std::string Repeated(absl::string_view bytes, int times) {
  std::string all;
  all.reserve(bytes.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) absl::StrAppend(&all, bytes);
  return all;
}

}  // namespace http2
