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

std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 128; value >>= 7) bytes += static_cast<char>(value % 128 + 128);
  return bytes + static_cast<char>(value);
}

}  // namespace

std::string CallBlock(absl::string_view method, const Headers& more) {
  return HeaderBlock(
             http2::Post(method, {{"content-type", "application/grpc"}, {"te", "trailers"}})) +
         HeaderBlock(more);
}

std::string Request(std::uint32_t stream, absl::string_view method, const Headers& more) {
  return FrameOf(kHeaders, kEndHeaders, stream, CallBlock(method, more));
}

std::string GrpcPrefix(std::uint32_t length) { return '\0' + http2::FourBytes(length); }

std::string GrpcMessage(absl::string_view bytes) {
  return absl::StrCat(GrpcPrefix(static_cast<std::uint32_t>(bytes.size())), bytes);
}

std::string Call(std::uint32_t stream, absl::string_view method, absl::string_view message,
                 const Headers& more) {
  return Request(stream, method, more) + DataFrame(stream, GrpcMessage(message), kEndStream);
}

std::vector<std::string> MessagesIn(absl::string_view data) {
  std::vector<std::string> messages;
  while (!data.empty()) {
    const std::size_t length = data.size() < kGrpcPrefix ? 0 : NumberOf(data.substr(1, 4));
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
  const std::size_t length = NumberOf(view.substr(0, 3));
  if (view.size() < kFrameHeader + length) return std::nullopt;
  ReadFrame frame{.type = static_cast<std::uint8_t>(view[3]),
                  .flags = static_cast<std::uint8_t>(view[4]),
                  .stream = NumberOf(view.substr(5, 4)) & 0x7fffffff,
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
