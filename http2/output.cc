// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/output.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace http2 {
namespace {

constexpr std::size_t kMostSentPieces = 128;  // that are kept in front of those to send

}  // namespace

bool Output::Copy(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (room_.room() == 0) {
      room_ = Buffer::New(account_, std::max(kRoom, bytes.size()), Need::kProtocol);
      if (room_.is_null()) return false;
    }
    char* const to = room_.end();
    if (pieces_.empty() || !pieces_.back().is_ours || pieces_.back().End() != to) {
      pieces_.push_back({.buffer = room_, .data = to, .length = 0, .is_ours = true});
    }
    const std::size_t count = std::min(bytes.size(), room_.room());
    std::memcpy(to, bytes.data(), count);
    room_.Extend(count);
    pieces_.back().length += count;
    size_ += count;
    bytes.remove_prefix(count);
  }
  return true;
}

bool Output::Lend(const Buffer& buffer, const char* data, std::size_t length) {
  if (length < kWorthLending) return Copy({data, length});
  pieces_.push_back({.buffer = buffer, .data = data, .length = length, .is_ours = false});
  size_ += length;
  return true;
}

Output::Flushed Output::Flush(int fd, std::size_t* sent) {
  *sent = 0;
  while (size_ > 0) {
    std::array<iovec, 64> vectors;
    std::size_t count = 0;
    for (std::size_t i = first_; i < pieces_.size() && count < vectors.size(); ++i, ++count) {
      // NOLINTNEXTLINE(*-const-cast): sendmsg(2) only reads, and its struct serves recvmsg(2) too
      vectors[count] = {.iov_base = const_cast<char*>(pieces_[i].data),
                        .iov_len = pieces_[i].length};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t written = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return Flushed::kPart;
    if (written < 0) {
      return errno == EPIPE || errno == ECONNRESET ? Flushed::kPeerLeft : Flushed::kFailed;
    }
    *sent += static_cast<std::size_t>(written);
    Drop(static_cast<std::size_t>(written));
  }
  return Flushed::kAll;
}

void Output::Drop(std::size_t bytes) {
  size_ -= bytes;
  while (bytes > 0) {
    Piece& first = pieces_[first_];
    const std::size_t count = std::min(bytes, first.length);
    first.data += count;
    first.length -= count;
    bytes -= count;
    if (first.length > 0) break;
    first.buffer = Buffer();
    ++first_;
  }
  if (size_ == 0) {
    pieces_.clear();
    first_ = 0;
    room_ = Buffer();
  } else if (first_ > kMostSentPieces) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace http2
