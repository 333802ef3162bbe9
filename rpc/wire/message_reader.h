// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Takes messages out of a request's body as its bytes come in. Before each message stand five
// bytes: a flag, 1 if it is compressed, and its length (gRPC's PROTOCOL-HTTP2.md,
// Length-Prefixed-Message).
//
//   wire::MessageReader reader(&account, /*max_message_bytes=*/4 << 20);
//   absl::Status status = reader.Append(bytes);
//   while (reader.has_message()) {
//     Use(reader.message().bytes);
//     reader.Pop();
//   }
//   if (request_ended && reader.is_partial()) ...cut off within a message...
//
// Thread safety: none. Ownership: owns a copy of what has not been popped, charged to the account.
// The view in message() is valid until the next Append() or Pop().

#ifndef RPC_WIRE_MESSAGE_READER_H_
#define RPC_WIRE_MESSAGE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "http2/account.h"
#include "http2/buffer.h"

namespace rpc::wire {

inline constexpr std::size_t kPrefixBytes = 5;

// Writes the five bytes before a message.
void WritePrefix(bool compressed, std::size_t length, char* to);

struct Message {
  absl::string_view bytes;
  bool compressed = false;
};

class MessageReader {
 public:
  MessageReader(http2::Account* account, std::size_t max_message_bytes)
      : account_(account), max_message_bytes_(max_message_bytes) {}

  // RESOURCE_EXHAUSTED: a message is longer than the limit, or than the account may hold. INTERNAL:
  // a flag is neither 0 nor 1. Append nothing after either.
  absl::Status Append(absl::string_view bytes);

  bool has_message() const { return !broken_ && has_prefix() && size() >= kPrefixBytes + length_; }
  Message message() const { return {head().substr(kPrefixBytes, length_), compressed_}; }
  // A copy of this keeps the view in message() valid.
  const http2::Buffer& buffer() const { return buffer_; }
  // Removes the first message. Its status is about the next one: as Append()'s.
  absl::Status Pop();

  // Some bytes have come, and they are not a whole message.
  bool is_partial() const { return size() > 0 && !has_message(); }
  // Bytes that have come and have not been popped.
  std::size_t size() const { return buffer_.size() - taken_; }

 private:
  bool has_prefix() const { return size() >= kPrefixBytes; }
  absl::string_view head() const { return buffer_.view().substr(taken_); }
  absl::Status ReadPrefix();
  absl::Status MakeRoom(std::size_t bytes);
  void MoveRest();

  http2::Account* const account_;
  const std::size_t max_message_bytes_;
  http2::Buffer buffer_;
  std::size_t taken_ = 0;
  std::size_t length_ = 0;  // of the first message, once there is its prefix
  bool compressed_ = false;
  bool broken_ = false;  // an error was returned
};

}  // namespace rpc::wire

#endif  // RPC_WIRE_MESSAGE_READER_H_
