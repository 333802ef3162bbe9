// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client that sends what bytes it likes (http2.h), and reads frames if it likes.
//
//   RawPeer peer(ConnectAs(kAttacker, path));
//   peer.Greet();
//   peer.Send(Request(1, kEcho) + Data(1, GrpcMessage(EchoRequest("hi")), kEndStream));
//   EXPECT_EQ(peer.AwaitStatus(1), 0);
//
// Every wait ends after support::kPatience.
//
// Thread safety: none. Ownership: owns its connection.

#ifndef TESTS_SECURITY_RAW_PEER_H_
#define TESTS_SECURITY_RAW_PEER_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "tests/security/http2.h"
#include "uds/unique_fd.h"

namespace udsecho::security {

inline constexpr absl::string_view kEcho = "/udsecho.v1.Echo/Echo";
inline constexpr absl::string_view kChat = "/udsecho.v1.Echo/Chat";
inline constexpr absl::string_view kWatch = "/grpc.health.v1.Health/Watch";

class RawPeer {
 public:
  // `fd` is non-blocking; may be invalid, and then nothing can be sent.
  explicit RawPeer(uds::UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  bool connected() const { return fd_.valid(); }

  // All of it, waiting while the socket is full. False when the server has closed, or takes no
  // more.
  bool Send(absl::string_view bytes);
  // As much as fits now; how much that was.
  std::size_t SendWhatFits(absl::string_view bytes);
  // What fits now of what an earlier one left over, or else of these; whether that was anything.
  // Frames stay whole.
  bool Push(absl::string_view bytes);

  // The preface and SETTINGS, with which header blocks can be read here. Acknowledges nothing.
  bool Greet() { return Send(std::string(kPreface) + Settings({{kHeaderTableSize, 0}})); }

  // The next frame; nullopt when the server has closed, or sends nothing. Acknowledges SETTINGS and
  // PING if `polite`.
  std::optional<ReadFrame> Read(bool polite = false);

  // Reads until the stream has ended, and gives its grpc-status: -1 when it has none, as after a
  // RST_STREAM or at the connection's end. Remembers those of other streams.
  int AwaitStatus(std::uint32_t stream, bool polite = false);

  // Of a stream that AwaitStatus() has reached: grpc-message.
  std::string MessageOf(std::uint32_t stream) { return messages_[stream]; }
  // And all that came of its DATA.
  std::string DataOf(std::uint32_t stream) { return data_[stream]; }

  // Reads what comes until the server closes; false if it does not.
  bool AwaitClosed();

  // Whether it has closed by now, or will. Neither reads anything.
  bool IsClosed() const;
  bool AwaitHungUp() const;

  void HalfClose();
  void Close() { fd_.reset(); }

 private:
  // More bytes into unread_; false at the end, or when none come.
  bool Receive();

  uds::UniqueFd fd_;
  std::string unsent_;  // of Push()
  std::string unread_;
  std::map<std::uint32_t, int> statuses_;
  std::map<std::uint32_t, std::string> messages_;
  std::map<std::uint32_t, std::string> data_;
};

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_RAW_PEER_H_
