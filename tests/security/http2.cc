// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/http2.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace udsecho::security {
namespace {

constexpr std::size_t kFrameHeader = 9;
constexpr std::size_t kGrpcPrefix = 5;

// Big-endian, the last `count` bytes of it.
std::string Bytes(std::uint64_t value, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xff);
  }
  return bytes;
}

// RFC 7541, 5.1, with a prefix of `bits` bits.
std::string HpackInteger(std::uint64_t value, int bits) {
  const std::uint64_t most = (1U << bits) - 1;
  if (value < most) return Bytes(value, 1);
  std::string bytes = Bytes(most, 1);
  for (value -= most; value >= 128; value >>= 7) bytes += Bytes(value % 128 + 128, 1);
  return bytes + Bytes(value, 1);
}

std::string HpackString(absl::string_view text) {
  return absl::StrCat(HpackInteger(text.size(), 7), text);
}

std::string Literal(absl::string_view name, absl::string_view value) {
  return absl::StrCat(Bytes(0, 1), HpackString(name), HpackString(value));
}

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += Bytes(value % 128 + 128, 1);
  return bytes + Bytes(value, 1);
}

}  // namespace

std::uint32_t Number(absl::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string Frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  absl::string_view payload) {
  return absl::StrCat(Bytes(payload.size(), 3), Bytes(type, 1), Bytes(flags, 1), Bytes(stream, 4),
                      payload);
}

std::string Settings(const std::vector<std::pair<std::uint16_t, std::uint32_t>>& values) {
  std::string payload;
  for (const auto& [id, value] : values) payload += Bytes(id, 2) + Bytes(value, 4);
  return Frame(kSettings, kNone, 0, payload);
}

std::string SettingsAck() { return Frame(kSettings, kAck, 0, ""); }

std::string Ping(std::uint64_t opaque, std::uint8_t flags) {
  return Frame(kPing, flags, 0, Bytes(opaque, 8));
}

std::string Data(std::uint32_t stream, absl::string_view bytes, std::uint8_t flags) {
  return Frame(kData, flags, stream, bytes);
}

std::string Reset(std::uint32_t stream, std::uint32_t code) {
  return Frame(kRstStream, kNone, stream, Bytes(code, 4));
}

std::string WindowUpdate(std::uint32_t stream, std::uint32_t bytes) {
  return Frame(kWindowUpdate, kNone, stream, Bytes(bytes, 4));
}

std::string Priority(std::uint32_t stream, std::uint32_t depends_on) {
  return Frame(kPriority, kNone, stream, Bytes(depends_on, 4) + Bytes(15, 1));
}

std::string GoAway(std::uint32_t last_stream, std::uint32_t code) {
  return Frame(kGoAway, kNone, 0, Bytes(last_stream, 4) + Bytes(code, 4));
}

std::string HeaderBlock(absl::string_view method, const Headers& more) {
  std::string block =
      absl::StrCat(Literal(":method", "POST"), Literal(":scheme", "http"), Literal(":path", method),
                   Literal(":authority", "localhost"), Literal("content-type", "application/grpc"),
                   Literal("te", "trailers"));
  return block + LiteralBlock(more);
}

std::string Request(std::uint32_t stream, absl::string_view method, const Headers& more) {
  return Frame(kHeaders, kEndHeaders, stream, HeaderBlock(method, more));
}

std::string LiteralBlock(const Headers& headers) {
  std::string block;
  for (const auto& [name, value] : headers) block += Literal(name, value);
  return block;
}

std::string GrpcPrefix(std::uint32_t length) { return Bytes(0, 1) + Bytes(length, 4); }

std::string GrpcMessage(absl::string_view bytes) {
  return absl::StrCat(GrpcPrefix(static_cast<std::uint32_t>(bytes.size())), bytes);
}

std::string Call(std::uint32_t stream, absl::string_view method, absl::string_view message,
                 const Headers& more) {
  return Request(stream, method, more) + Data(stream, GrpcMessage(message), kEndStream);
}

std::vector<std::string> MessagesIn(absl::string_view data) {
  std::vector<std::string> messages;
  while (!data.empty()) {
    const std::size_t length = data.size() < kGrpcPrefix ? 0 : Number(data.substr(1, 4));
    data.remove_prefix(std::min(kGrpcPrefix, data.size()));
    messages.emplace_back(data.substr(0, length));
    data.remove_prefix(std::min(length, data.size()));
  }
  return messages;
}

std::string EchoRequest(absl::string_view message) {
  return absl::StrCat("\x0a", Varint(message.size()), message);
}

std::string DelayedEchoRequest(absl::string_view message, std::uint32_t seconds) {
  const std::string duration = absl::StrCat("\x08", Varint(seconds));
  return absl::StrCat(EchoRequest(message), "\x1a", Varint(duration.size()), duration);
}

std::optional<ReadFrame> TakeFrame(std::string* bytes) {
  if (bytes->size() < kFrameHeader) return std::nullopt;
  const absl::string_view view = *bytes;
  const std::size_t length = Number(view.substr(0, 3));
  if (view.size() < kFrameHeader + length) return std::nullopt;
  ReadFrame frame{.type = static_cast<std::uint8_t>(view[3]),
                  .flags = static_cast<std::uint8_t>(view[4]),
                  .stream = Number(view.substr(5, 4)) & 0x7fffffff,
                  .payload = std::string(view.substr(kFrameHeader, length))};
  bytes->erase(0, kFrameHeader + length);
  return frame;
}

HeaderReader::HeaderReader() {
  nghttp2_hd_inflater* inflater = nullptr;
  if (nghttp2_hd_inflate_new(&inflater) != 0) std::abort();
  inflater_.reset(inflater);
}

void HeaderReader::Delete::operator()(nghttp2_hd_inflater* inflater) const {
  nghttp2_hd_inflate_del(inflater);
}

std::optional<Headers> HeaderReader::Read(absl::string_view block) {
  Headers headers;
  for (int flags = 0; (flags & NGHTTP2_HD_INFLATE_FINAL) == 0;) {
    nghttp2_nv entry;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(block.data());
    const ssize_t taken = nghttp2_hd_inflate_hd2(inflater_.get(), &entry, &flags, bytes,
                                                 block.size(), /*in_final=*/1);
    if (taken < 0) return std::nullopt;
    block.remove_prefix(taken);
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) == 0) continue;
    headers.emplace_back(std::string(reinterpret_cast<const char*>(entry.name), entry.namelen),
                         std::string(reinterpret_cast<const char*>(entry.value), entry.valuelen));
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  return headers;
}

}  // namespace udsecho::security
