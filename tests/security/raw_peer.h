// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A client that sends what bytes it likes (http2.h), and reads frames if it likes.
//
//   RawPeer peer(ConnectAs(kAttacker, path));
//   peer.Greet();
//   peer.Send(Request(1, kEcho) + DataFrame(1, GrpcMessage(EchoRequest("hi")), kEndStream));
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
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/security/http2.h"
#include "uds/unique_fd.h"

namespace udsecho::security {

inline constexpr absl::string_view kEcho = "/udsecho.v1.Echo/Echo";
inline constexpr absl::string_view kChat = "/udsecho.v1.Echo/Chat";
inline constexpr absl::string_view kWatch = "/grpc.health.v1.Health/Watch";

// What the server has sent on a stream so far.
struct Reply {
  std::vector<Headers> blocks;         // each HEADERS, those of the trailers too
  std::string data;                    // of all DATA
  std::vector<std::size_t> pieces;     // and how much of it each brought
  bool ended = false;                  // with END_STREAM
  std::optional<std::uint32_t> reset;  // RST_STREAM's code
  int frames_after_the_end = 0;        // but for RST_STREAM and WINDOW_UPDATE

  // The values of that name, in all blocks.
  std::vector<std::string> Values(absl::string_view name) const;
  // The first of them, or "".
  std::string Value(absl::string_view name) const;
  // grpc-status, or -1.
  int status() const;
  std::vector<std::string> messages() const { return MessagesIn(data); }
};

class RawPeer {
 public:
  // `fd` is non-blocking; may be invalid, and then nothing can be sent.
  explicit RawPeer(uds::UniqueFd fd) : fd_(std::move(fd)) {}

  int fd() const { return fd_.get(); }
  bool connected() const { return fd_.valid(); }

  // All of it, waiting while the socket is full. False when the server has closed, or takes no
  // more.
  bool Send(absl::string_view bytes);
  // DATA frames of the stream, as the server's windows allow, reading politely meanwhile; the last
  // one with `last`. False when the stream or the connection ended before. What was sent by other
  // means is not counted: keep that to a few KiB.
  bool SendData(std::uint32_t stream, absl::string_view bytes, std::uint8_t last = kNone);
  // As much as fits now; how much that was.
  std::size_t SendWhatFits(absl::string_view bytes);
  // What fits now of what an earlier one left over, or else of these; whether that was anything.
  // Frames stay whole.
  bool Push(absl::string_view bytes);

  // The preface and SETTINGS. Acknowledges nothing.
  bool Greet() { return Send(std::string(kPreface) + SettingsFrame({{kHeaderTableSize, 0}})); }

  // The next frame; nullopt when the server has closed, or, with a failed expectation, when it
  // sends nothing. Acknowledges SETTINGS and PING if `polite`.
  std::optional<ReadFrame> Read(bool polite = false);

  // The next frame of that type, but an acknowledgement only if `ack`; nullopt likewise. Politely.
  std::optional<ReadFrame> Await(FrameType type, bool ack = false);

  // Reads until the stream has ended, and gives its grpc-status: -1 when it has none, as after a
  // RST_STREAM or at the connection's end. Remembers those of other streams.
  int AwaitStatus(std::uint32_t stream, bool polite = false) {
    return AwaitEnd(stream, polite).status();
  }
  // Likewise, and gives all of it.
  const Reply& AwaitEnd(std::uint32_t stream, bool polite = false);
  // What has been read of it.
  const Reply& reply(std::uint32_t stream) { return replies_[stream]; }

  // Of a stream that AwaitStatus() has reached: grpc-message.
  std::string MessageOf(std::uint32_t stream) { return reply(stream).Value("grpc-message"); }
  // And all that came of its DATA.
  std::string DataOf(std::uint32_t stream) { return reply(stream).data; }

  // Reads what comes until the server closes; false if it does not.
  bool AwaitClosed();
  // Likewise, by frames and politely; and false after a reset, as by a server that left unread what
  // came.
  bool AwaitCleanEnd();

  // Whether it has closed by now, or will. Neither reads anything.
  bool IsClosed() const;
  bool AwaitHungUp() const;

  void HalfClose();
  void Close() { fd_.reset(); }

  // What has come of the bytes that are no frame yet: all of them, of a server that speaks another
  // protocol.
  const std::string& unread() const { return unread_; }

 private:
  static constexpr std::int64_t kFirstWindow = 65'535;  // RFC 9113, 6.9.2

  // More bytes into unread_; false at the end, or when none come.
  bool Receive();
  void Note(const ReadFrame& frame);
  void NoteWindow(const ReadFrame& frame);

  uds::UniqueFd fd_;
  std::string unsent_;  // of Push()
  std::string unread_;
  bool at_end_ = false;
  std::int64_t window_ = kFirstWindow;            // of the connection, for what SendData() sends
  std::int64_t initial_window_ = kFirstWindow;    // of a stream
  std::map<std::uint32_t, std::int64_t> opened_;  // what a stream has besides, less what was sent
  HeaderReader header_reader_;
  std::string block_;  // of headers, so far
  std::map<std::uint32_t, Reply> replies_;
};

}  // namespace udsecho::security

#endif  // TESTS_SECURITY_RAW_PEER_H_
