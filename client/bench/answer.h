// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What comes back of a call: its messages are counted as their bytes pass, its status is kept.
//
//   answer.Clear();
//   answer.AddHeader(name, value);
//   answer.AddData(bytes);
//   if (answer.messages() == 1) ...
//   CallStatus status = answer.StatusOf(stream_ending, connection);
//
// Messages are not decompressed or parsed: bytes() are those that came.
//
// Thread safety: none. Ownership: keeps no more than a status's text, cut at kMostOfAText.

#ifndef CLIENT_BENCH_ANSWER_H_
#define CLIENT_BENCH_ANSWER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "http2/client_connection.h"
#include "http2/client_stream.h"

namespace udsecho::client {

struct CallStatus {
  absl::StatusCode code = absl::StatusCode::kOk;
  std::string text;
};

class Answer {
 public:
  static constexpr std::size_t kMostOfAText = 4 * 1024;

  void Clear();
  void AddHeader(absl::string_view name, absl::string_view value);
  void AddData(absl::string_view bytes);
  // The header has ended, and more follows.
  void EndHeader() { committed_ = true; }

  int64_t messages() const { return messages_; }
  int64_t bytes() const { return bytes_; }  // of whole messages

  // For a retry: whether it has begun to come, and grpc-retry-pushback-ms.
  bool committed() const { return committed_; }
  std::optional<int64_t> pushback_ms() const { return pushback_ms_; }

  bool is_partial() const { return prefix_size_ > 0; }

  // By gRPC's statuscodes.md and PROTOCOL-HTTP2.md ("Errors"). `connection`: that of the stream.
  CallStatus StatusOf(const http2::StreamEnding& ending,
                      const http2::ClientConnection& connection) const;

 private:
  static constexpr std::size_t kPrefixBytes = 5;

  CallStatus StatusAsAnswered() const;

  int64_t messages_ = 0;
  int64_t bytes_ = 0;
  std::size_t prefix_size_ = 0;  // bytes of a message's prefix that came
  uint32_t length_ = 0;          // of the message, as far as it is known
  uint32_t left_ = 0;            // bytes of it to come
  int http_status_ = 0;
  std::optional<int> grpc_status_;
  std::string message_;  // percent-encoded
  bool committed_ = false;
  std::optional<int64_t> pushback_ms_;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_ANSWER_H_
