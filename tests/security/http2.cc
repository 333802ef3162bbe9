// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/http2.h"

#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"

namespace udsecho::security {
namespace {

constexpr std::size_t kFrameHeader = 9;

// Big-endian, the last `count` bytes of it.
std::string Bytes(std::uint64_t value, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xff);
  }
  return bytes;
}

std::uint32_t Number(absl::string_view bytes) {
  std::uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// RFC 7541, 5.1, with a prefix of `bits` bits.
std::string HpackInteger(std::uint64_t value, int bits) {
  const std::uint64_t most = (1U << bits) - 1;
  if (value < most) return Bytes(value, 1);
  std::string bytes = Bytes(most, 1);
  for (value -= most; value >= 128; value >>= 7) bytes += Bytes(value % 128 + 128, 1);
  return bytes + Bytes(value, 1);
}

std::optional<std::uint64_t> TakeHpackInteger(absl::string_view* block, int bits) {
  if (block->empty()) return std::nullopt;
  const std::uint64_t most = (1U << bits) - 1;
  std::uint64_t value = static_cast<unsigned char>(block->front()) & most;
  block->remove_prefix(1);
  if (value < most) return value;
  for (int shift = 0; !block->empty() && shift < 56; shift += 7) {
    const auto byte = static_cast<unsigned char>(block->front());
    block->remove_prefix(1);
    value += static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

std::string HpackString(absl::string_view text) {
  return absl::StrCat(HpackInteger(text.size(), 7), text);
}

std::optional<std::string> TakeHpackString(absl::string_view* block) {
  if (block->empty() || (block->front() & 0x80) != 0) return std::nullopt;  // Huffman's code
  const std::optional<std::uint64_t> length = TakeHpackInteger(block, 7);
  if (!length.has_value() || *length > block->size()) return std::nullopt;
  std::string text(block->substr(0, *length));
  block->remove_prefix(*length);
  return text;
}

// The names of HPACK's static table, from 1 (RFC 7541, appendix A).
constexpr std::array<absl::string_view, 62> kStaticNames = {
    "",
    ":authority",
    ":method",
    ":method",
    ":path",
    ":path",
    ":scheme",
    ":scheme",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    ":status",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "accept",
    "access-control-allow-origin",
    "age",
    "allow",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "etag",
    "expect",
    "expires",
    "from",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "last-modified",
    "link",
    "location",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "range",
    "referer",
    "refresh",
    "retry-after",
    "server",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "user-agent",
    "vary",
    "via",
    "www-authenticate",
};
constexpr std::uint64_t kStatus200 = 8;

std::string Literal(absl::string_view name, absl::string_view value) {
  return absl::StrCat(Bytes(0, 1), HpackString(name), HpackString(value));
}

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += Bytes(value % 128 + 128, 1);
  return bytes + Bytes(value, 1);
}

}  // namespace

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
  for (const auto& [name, value] : more) block += Literal(name, value);
  return block;
}

std::string Request(std::uint32_t stream, absl::string_view method, const Headers& more) {
  return Frame(kHeaders, kEndHeaders, stream, HeaderBlock(method, more));
}

std::string GrpcPrefix(std::uint32_t length) { return Bytes(0, 1) + Bytes(length, 4); }

std::string GrpcMessage(absl::string_view bytes) {
  return absl::StrCat(GrpcPrefix(static_cast<std::uint32_t>(bytes.size())), bytes);
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

std::optional<Headers> ReadHeaderBlock(absl::string_view block) {
  Headers headers;
  while (!block.empty()) {
    const auto first = static_cast<unsigned char>(block.front());
    if ((first & 0xe0) == 0x20) {  // a table of another size
      if (!TakeHpackInteger(&block, 5).has_value()) return std::nullopt;
      continue;
    }
    const bool indexed = (first & 0x80) != 0;
    const bool remembered = (first & 0xc0) == 0x40;
    int bits = 4;
    if (indexed) bits = 7;
    if (remembered) bits = 6;
    const std::optional<std::uint64_t> index = TakeHpackInteger(&block, bits);
    if (!index.has_value() || *index >= kStaticNames.size()) return std::nullopt;
    if (indexed) {
      headers.emplace_back(kStaticNames[*index], *index == kStatus200 ? "200" : "?");
      continue;
    }
    std::optional<std::string> name =
        *index > 0 ? std::string(kStaticNames[*index]) : TakeHpackString(&block);
    std::optional<std::string> value = TakeHpackString(&block);
    if (!name.has_value() || !value.has_value()) return std::nullopt;
    headers.emplace_back(*std::move(name), *std::move(value));
  }
  return headers;
}

}  // namespace udsecho::security
