// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/message_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rpc::wire {
namespace {

// From so many bytes on that were popped, what is left behind them is moved, to give them back.
constexpr std::size_t kWorthMoving = 16 * 1024;

}  // namespace

void WritePrefix(bool compressed, std::size_t length, char* to) {
  to[0] = compressed ? 1 : 0;
  for (int i = 0; i < 4; ++i) to[1 + i] = static_cast<char>(length >> (24 - 8 * i));
}

absl::Status MessageReader::ReadPrefix() {
  length_ = 0;
  if (!has_prefix()) return absl::OkStatus();
  const absl::string_view prefix = head();
  const auto flag = static_cast<unsigned char>(prefix[0]);
  if (flag > 1) {
    broken_ = true;
    return absl::InternalError(absl::StrCat("a message begins with the flag ", flag,
                                            ", which is neither 0 nor 1; fix the client"));
  }
  compressed_ = flag == 1;
  for (std::size_t i = 1; i < kPrefixBytes; ++i) {
    length_ = length_ << 8 | static_cast<unsigned char>(prefix[i]);
  }
  if (length_ <= max_message_bytes_) return absl::OkStatus();
  broken_ = true;
  return absl::ResourceExhaustedError(
      absl::StrCat("the message has ", length_, " bytes, and the limit is ", max_message_bytes_,
                   "; send less at once, or have the server's limit for messages raised"));
}

absl::Status MessageReader::MakeRoom(std::size_t bytes) {
  if (bytes <= buffer_.room()) return absl::OkStatus();
  std::size_t wanted = size() + bytes;
  const std::size_t first = has_prefix() ? kPrefixBytes + length_ : 0;
  // For the message in front as much as it is; for what comes behind it twice as much each time, or
  // many short ones that nobody takes would be copied with each that comes.
  wanted = wanted <= first ? first : std::max(wanted, 2 * size());
  http2::Buffer longer = http2::Buffer::New(account_, wanted, http2::Need::kRequest);
  if (longer.is_null()) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the calls in flight of this uid take ", account_->held(), " of the ", account_->share(),
        " bytes that it may have now, and a message needs ", wanted, "; send less at once"));
  }
  const absl::string_view kept = head();
  if (!kept.empty()) std::memcpy(longer.data(), kept.data(), kept.size());
  longer.Extend(kept.size());
  buffer_ = std::move(longer);
  taken_ = 0;
  return absl::OkStatus();
}

absl::Status MessageReader::Append(absl::string_view bytes) {
  while (!bytes.empty()) {
    // The prefix first, by itself: it tells how much room there should be.
    const bool knows = has_prefix();
    const std::size_t count = knows ? bytes.size() : std::min(bytes.size(), kPrefixBytes - size());
    if (absl::Status room = MakeRoom(knows ? count : bytes.size()); !room.ok()) return room;
    std::memcpy(buffer_.end(), bytes.data(), count);
    buffer_.Extend(count);
    bytes.remove_prefix(count);
    if (knows) continue;
    if (absl::Status prefix = ReadPrefix(); !prefix.ok()) return prefix;
  }
  return absl::OkStatus();
}

void MessageReader::MoveRest() {
  http2::Buffer rest = http2::Buffer::New(account_, size(), http2::Need::kRequest);
  if (rest.is_null()) return;
  std::memcpy(rest.data(), head().data(), size());
  rest.Extend(size());
  buffer_ = std::move(rest);
  taken_ = 0;
}

absl::Status MessageReader::Pop() {
  taken_ += kPrefixBytes + length_;
  if (size() == 0) {
    buffer_ = http2::Buffer();
    taken_ = 0;
  } else if (taken_ >= kWorthMoving && size() <= taken_) {
    MoveRest();
  }
  return ReadPrefix();
}

}  // namespace rpc::wire
