// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/raw_peer.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

bool AwaitEvent(int fd, short event) {
  const support::Deadline deadline;
  pollfd wanted = {fd, event, 0};
  return TEMP_FAILURE_RETRY(poll(&wanted, 1, deadline.MillisecondsLeft())) > 0;
}

}  // namespace

std::vector<std::string> Reply::Values(absl::string_view name) const {
  std::vector<std::string> values;
  for (const Headers& block : blocks) {
    for (const auto& [key, value] : block) {
      if (key == name) values.push_back(value);
    }
  }
  return values;
}

std::string Reply::Value(absl::string_view name) const {
  const std::vector<std::string> values = Values(name);
  return values.empty() ? "" : values.front();
}

int Reply::status() const {
  int code = -1;
  return absl::SimpleAtoi(Value("grpc-status"), &code) ? code : -1;
}

bool RawPeer::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(sent);
    } else if (errno != EINTR && (errno != EAGAIN || !AwaitEvent(fd_.get(), POLLOUT))) {
      return false;
    }
  }
  return true;
}

bool RawPeer::SendData(std::uint32_t stream, absl::string_view bytes, std::uint8_t last) {
  constexpr std::int64_t kLeast = 8192;  // what other means may have sent
  constexpr std::int64_t kFrame = 16'000;
  while (!bytes.empty()) {
    const std::int64_t window = std::min(window_, initial_window_ + opened_[stream]);
    const Reply& reply = replies_[stream];
    if (reply.ended || reply.reset.has_value()) return false;
    if (window < kLeast) {
      if (!Read(/*polite=*/true).has_value()) return false;
      continue;
    }
    const absl::string_view piece = bytes.substr(0, std::min(kFrame, window - kLeast / 2));
    bytes.remove_prefix(piece.size());
    window_ -= static_cast<std::int64_t>(piece.size());
    opened_[stream] -= static_cast<std::int64_t>(piece.size());
    if (!Send(DataFrame(stream, piece, bytes.empty() ? last : 0))) return false;
  }
  return true;
}

std::size_t RawPeer::SendWhatFits(absl::string_view bytes) {
  const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? sent : 0;
}

bool RawPeer::Push(absl::string_view bytes) {
  if (unsent_.empty()) unsent_ = std::string(bytes);
  const std::size_t sent = SendWhatFits(unsent_);
  unsent_.erase(0, sent);
  return sent > 0;
}

bool RawPeer::Receive() {
  std::array<char, 65536> buffer;
  while (AwaitEvent(fd_.get(), POLLIN)) {
    const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) unread_.append(buffer.data(), count);
    if (count > 0) return true;
    at_end_ = count == 0;
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
  ADD_FAILURE() << "the server sent nothing for " << support::kPatience.count() << " s";
  return false;
}

std::optional<ReadFrame> RawPeer::Read(bool polite) {
  for (;;) {
    std::optional<ReadFrame> frame = TakeFrame(&unread_);
    if (frame.has_value()) {
      if (polite && frame->type == kSettings && !frame->has(kAck)) Send(SettingsAck());
      if (polite && frame->type == kPing && !frame->has(kAck)) {
        Send(FrameOf(kPing, kAck, 0, frame->payload));
      }
      Note(*frame);
      return frame;
    }
    if (!Receive()) return std::nullopt;
  }
}

void RawPeer::NoteWindow(const ReadFrame& frame) {
  if (frame.type == kWindowUpdate) {
    (frame.stream == 0 ? window_ : opened_[frame.stream]) += NumberOf(frame.payload);
  }
  if (frame.type != kSettings) return;
  constexpr std::size_t kEntry = 6;
  for (std::size_t at = 0; at + kEntry <= frame.payload.size(); at += kEntry) {
    const absl::string_view entry = absl::string_view(frame.payload).substr(at, kEntry);
    if (NumberOf(entry.substr(0, 2)) == kInitialWindowSize)
      initial_window_ = NumberOf(entry.substr(2));
  }
}

void RawPeer::Note(const ReadFrame& frame) {
  NoteWindow(frame);
  if (frame.stream == 0) return;
  Reply& reply = replies_[frame.stream];
  if (frame.type == kRstStream) reply.reset = NumberOf(frame.payload);
  if (frame.type == kData || frame.type == kHeaders) {
    if (reply.ended) ++reply.frames_after_the_end;
    reply.ended = reply.ended || frame.has(kEndStream);
  }
  if (frame.type == kData) {
    reply.data += frame.payload;
    reply.pieces.push_back(frame.payload.size());
  }
  if (frame.type != kHeaders && frame.type != kContinuation) return;
  block_ += frame.payload;
  if (!frame.has(kEndHeaders)) return;
  std::optional<Headers> headers = header_reader_.Read(std::exchange(block_, ""));
  EXPECT_TRUE(headers.has_value()) << "a header block that HPACK does not know";
  if (headers.has_value()) reply.blocks.push_back(*std::move(headers));
}

std::optional<ReadFrame> RawPeer::Await(FrameType type, bool ack) {
  for (;;) {
    std::optional<ReadFrame> frame = Read(/*polite=*/true);
    if (!frame.has_value()) return frame;
    const bool acknowledges = (type == kSettings || type == kPing) && frame->has(kAck);
    if (frame->type == type && acknowledges == ack) return frame;
  }
}

const Reply& RawPeer::AwaitEnd(std::uint32_t stream, bool polite) {
  Reply& reply = replies_[stream];
  // The headers of an answer may be in CONTINUATION frames yet to come.
  while ((!reply.ended || !block_.empty()) && !reply.reset.has_value() && Read(polite)) {
  }
  return reply;
}

bool RawPeer::AwaitCleanEnd() {
  while (Read(/*polite=*/true).has_value()) {
  }
  return at_end_;
}

bool RawPeer::AwaitClosed() {
  const support::Deadline deadline;
  std::array<char, 65536> buffer;
  while (!deadline.IsOver()) {
    if (!AwaitEvent(fd_.get(), POLLIN)) return false;
    const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return true;
  }
  return false;
}

bool RawPeer::IsClosed() const {
  if (!connected()) return true;
  pollfd wanted = {fd_.get(), POLLRDHUP, 0};
  return poll(&wanted, 1, 0) == 1;
}

bool RawPeer::AwaitHungUp() const { return AwaitEvent(fd_.get(), POLLRDHUP); }

void RawPeer::HalfClose() { shutdown(fd_.get(), SHUT_WR); }

}  // namespace udsecho::security
