// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/http2/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace http2 {
namespace {

constexpr std::size_t kHeadBytes = 9;
// Of a client that this is the server's end for.
constexpr char kClientPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// What the server sends is bounded to this unless it is told otherwise (RFC 9113, 6.5.2).
constexpr std::size_t kLongestFrame = 16'384;

std::string Text(const std::uint8_t* bytes, std::size_t count) {
  return {reinterpret_cast<const char*>(bytes), count};
}

}  // namespace

std::string Response::status() const {
  for (const auto& [name, value] : header) {
    if (name == ":status") return value;
  }
  return "";
}

Peer::Peer(uds::UniqueFd fd) : fd_(std::move(fd)) {
  nghttp2_hd_inflater* inflater = nullptr;
  nghttp2_hd_inflate_new(&inflater);
  inflater_.reset(inflater);
}

bool Peer::Push() {
  if (unsent_.empty() || !fd_.valid()) return false;
  const ssize_t count =
      send(fd_.get(), unsent_.data(), unsent_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN) unsent_.clear();  // nobody reads it any more
  if (count <= 0) return false;
  unsent_.erase(0, static_cast<std::size_t>(count));
  return true;
}

bool Peer::Pull() { return Pull(1U << 20); }

bool Peer::Pull(std::size_t most) {
  if (closed_ || !fd_.valid()) return false;
  std::array<char, 64 * 1024> bytes;
  const ssize_t count = recv(fd_.get(), bytes.data(), std::min(most, bytes.size()), MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return false;
  if (count <= 0) {
    closed_ = true;
    return true;
  }
  bytes_.append(bytes.data(), static_cast<std::size_t>(count));
  TakeFrames();
  return true;
}

void Peer::Forget() {
  bytes_.erase(0, taken_);
  taken_ = 0;
  frames_.clear();
  for (auto& [id, response] : responses_) {
    response.body.clear();
    response.data_lengths.clear();
  }
}

int Peer::Count(FrameType type, std::uint8_t flags) const {
  return static_cast<int>(std::count_if(frames_.begin(), frames_.end(), [&](const Received& frame) {
    return frame.type == type && frame.flags == flags;
  }));
}

std::optional<std::uint32_t> Peer::goaway_code() const {
  if (goaways_.empty()) return std::nullopt;
  return goaways_.back().code;
}

void Peer::TakeFrames() {
  if (bytes_.starts_with("HTTP/")) return;
  if (taken_ == 0 && bytes_.starts_with(kClientPreface)) taken_ = sizeof(kClientPreface) - 1;
  while (bytes_.size() - taken_ >= kHeadBytes) {
    const absl::string_view rest = absl::string_view(bytes_).substr(taken_);
    const std::size_t length = NumberOf(rest) >> 8;
    ASSERT_LE(length, kLongestFrame);
    if (rest.size() < kHeadBytes + length) return;
    Received frame{.type = static_cast<std::uint8_t>(rest[3]),
                   .flags = static_cast<std::uint8_t>(rest[4]),
                   .stream = NumberOf(rest.substr(5)),
                   .payload = std::string(rest.substr(kHeadBytes, length))};
    taken_ += kHeadBytes + length;
    Take(frame);
    frames_.push_back(std::move(frame));
  }
}

void Peer::Take(const Received& frame) {
  const absl::string_view payload = frame.payload;
  if (frame.type == kSettings && frame.flags == 0) {
    for (std::size_t i = 0; i + 6 <= payload.size(); i += 6) {
      const auto key = static_cast<std::uint16_t>(NumberOf(payload.substr(i)) >> 16);
      settings_[key] = NumberOf(payload.substr(i + 2));
    }
  }
  if (frame.type == kGoAway) {
    goaways_.push_back({.last_stream = NumberOf(payload),
                        .code = NumberOf(payload.substr(4)),
                        .text = std::string(payload.substr(8))});
  }
  if (frame.type == kWindowUpdate) window_updates_[frame.stream] += NumberOf(payload);
  if (frame.stream == 0) return;
  Response& response = responses_[frame.stream];
  // Which answers what the client itself has sent after the end.
  const bool is_answer = frame.type == kRstStream && NumberOf(payload) == kStreamClosed;
  if (!is_answer && (response.reset.has_value() || (response.ended && frame.type != kRstStream))) {
    ++response.after_the_end;
  }
  if (frame.type == kRstStream) {
    response.reset = NumberOf(payload);
    ++response.resets;
  }
  if (frame.type == kData) {
    response.body.append(payload.data(), payload.size());
    response.data_lengths.push_back(payload.size());
    if (frame.ends_stream()) response.ended = true;
  }
  if (frame.type == kHeaders || frame.type == kContinuation) TakeHeaders(frame, &response);
}

void Peer::TakeHeaders(const Received& frame, Response* response) {
  block_ += frame.payload;
  if (frame.ends_stream()) block_ends_stream_ = true;
  if ((frame.flags & kEndHeaders) == 0) return;
  Headers fields = Inflate(std::exchange(block_, std::string()));
  (response->header.empty() ? response->header : response->trailers) = std::move(fields);
  if (std::exchange(block_ends_stream_, false)) response->ended = true;
}

Headers Peer::Inflate(absl::string_view block) {
  Headers fields;
  for (;;) {
    nghttp2_nv field;
    int flags = 0;
    const ssize_t count = nghttp2_hd_inflate_hd2(
        inflater_.get(), &field, &flags, reinterpret_cast<const std::uint8_t*>(block.data()),
        block.size(), 1);
    if (count < 0) {
      ADD_FAILURE() << nghttp2_strerror(static_cast<int>(count));
      return fields;
    }
    block.remove_prefix(static_cast<std::size_t>(count));
    if ((flags & NGHTTP2_HD_INFLATE_EMIT) != 0) {
      fields.emplace_back(Text(field.name, field.namelen), Text(field.value, field.valuelen));
    }
    if ((flags & NGHTTP2_HD_INFLATE_FINAL) != 0) break;
  }
  nghttp2_hd_inflate_end_headers(inflater_.get());
  return fields;
}

}  // namespace http2
