// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/security/raw_peer.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "absl/strings/numbers.h"
#include "tests/support/patience.h"

namespace udsecho::security {
namespace {

bool Await(int fd, short event) {
  const support::Deadline deadline;
  pollfd wanted = {fd, event, 0};
  return TEMP_FAILURE_RETRY(poll(&wanted, 1, deadline.MillisecondsLeft())) > 0;
}

}  // namespace

bool RawPeer::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(sent);
    } else if (errno != EINTR && (errno != EAGAIN || !Await(fd_.get(), POLLOUT))) {
      return false;
    }
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
  while (Await(fd_.get(), POLLIN)) {
    const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) unread_.append(buffer.data(), count);
    if (count > 0) return true;
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) return false;
  }
  return false;
}

std::optional<ReadFrame> RawPeer::Read(bool polite) {
  for (;;) {
    std::optional<ReadFrame> frame = TakeFrame(&unread_);
    if (frame.has_value()) {
      const bool ack = (frame->flags & kAck) != 0;
      if (polite && frame->type == kSettings && !ack) Send(SettingsAck());
      if (polite && frame->type == kPing && !ack) Send(Frame(kPing, kAck, 0, frame->payload));
      return frame;
    }
    if (!Receive()) return std::nullopt;
  }
}

int RawPeer::AwaitStatus(std::uint32_t stream, bool polite) {
  while (!statuses_.contains(stream)) {
    const std::optional<ReadFrame> frame = Read(polite);
    if (!frame.has_value()) return -1;
    if (frame->type == kData) data_[frame->stream] += frame->payload;
    if (frame->type == kRstStream) statuses_.emplace(frame->stream, -1);
    if (frame->type != kHeaders) continue;
    const std::optional<Headers> headers = ReadHeaderBlock(frame->payload);
    if (!headers.has_value()) return -1;
    for (const auto& [name, value] : *headers) {
      int code = -1;
      if (name == "grpc-status" && absl::SimpleAtoi(value, &code)) statuses_[frame->stream] = code;
      if (name == "grpc-message") messages_[frame->stream] = value;
    }
  }
  return statuses_[stream];
}

bool RawPeer::AwaitClosed() {
  const support::Deadline deadline;
  std::array<char, 65536> buffer;
  while (!deadline.IsOver()) {
    if (!Await(fd_.get(), POLLIN)) return false;
    const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) return true;
  }
  return false;
}

bool RawPeer::IsClosed() const {
  if (!connected()) return true;
  pollfd wanted = {fd_.get(), 0, 0};
  return poll(&wanted, 1, 0) == 1;
}

bool RawPeer::AwaitHungUp() const { return Await(fd_.get(), 0); }

void RawPeer::HalfClose() { shutdown(fd_.get(), SHUT_WR); }

}  // namespace udsecho::security
