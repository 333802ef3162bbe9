// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The other end of a connection, a client's (or a server's, where a client is tested: then the
// "responses" are its requests): sends whatever bytes it is given, and keeps what it reads, frame
// by frame and stream by stream. It answers nothing by itself.
//
//   Peer peer(std::move(fd));
//   peer.Send(GetFrame(1, "/hello"));
//   ... the server's loop turns, and peer.Push() and peer.Pull() are called in between ...
//   peer.response(1).body
//
// Thread safety: none. Ownership: owns its socket.

#ifndef TESTS_HTTP2_PEER_H_
#define TESTS_HTTP2_PEER_H_

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/http2/frames.h"
#include "uds/unique_fd.h"

namespace http2 {

struct Received {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;

  bool ends_stream() const {
    return (type == kData || type == kHeaders) && (flags & kEndStream) != 0;
  }
};

struct Response {
  Headers header;
  Headers trailers;
  std::string body;
  std::vector<std::size_t> data_lengths;
  bool ended = false;
  std::optional<std::uint32_t> reset;  // the error code
  int resets = 0;
  int after_the_end = 0;  // frames that came after both, or after RST_STREAM

  std::string status() const;
};

struct GoAway {
  std::uint32_t last_stream = 0;
  std::uint32_t code = 0;
  std::string text;
};

class Peer {
 public:
  explicit Peer(uds::UniqueFd fd);

  void Send(absl::string_view bytes) { unsent_.append(bytes.data(), bytes.size()); }

  // Moves bytes as far as the socket takes and has them. False if there were none.
  bool Push();
  bool Pull();
  // At most so many, for a client that reads slowly.
  bool Pull(std::size_t most);

  // Forgets what came, for tests in which much comes.
  void Forget();

  // Closes this end.
  void Leave() { fd_.reset(); }

  int fd() const { return fd_.get(); }
  std::size_t unsent() const { return unsent_.size(); }
  // The server closed its end.
  bool closed() const { return closed_; }
  // All bytes that came, and all frames.
  const std::string& bytes() const { return bytes_; }
  const std::vector<Received>& frames() const { return frames_; }
  int Count(FrameType type, std::uint8_t flags = 0) const;

  const Response& response(std::uint32_t stream) { return responses_[stream]; }
  const std::vector<GoAway>& goaways() const { return goaways_; }
  // The code of the last GOAWAY; nullopt if there was none.
  std::optional<std::uint32_t> goaway_code() const;
  const std::map<std::uint16_t, std::uint32_t>& settings() const { return settings_; }
  // The sum of what WINDOW_UPDATE gave.
  std::uint64_t window_updates(std::uint32_t stream) { return window_updates_[stream]; }

 private:
  struct DeleteInflater {
    void operator()(nghttp2_hd_inflater* inflater) const { nghttp2_hd_inflate_del(inflater); }
  };

  void TakeFrames();
  void Take(const Received& frame);
  void TakeHeaders(const Received& frame, Response* response);
  Headers Inflate(absl::string_view block);

  uds::UniqueFd fd_;
  std::unique_ptr<nghttp2_hd_inflater, DeleteInflater> inflater_;
  std::string unsent_;
  std::string bytes_;
  std::size_t taken_ = 0;  // of bytes_
  bool closed_ = false;
  std::vector<Received> frames_;
  std::string block_;  // of a header in several frames
  bool block_ends_stream_ = false;
  std::map<std::uint32_t, Response> responses_;
  std::vector<GoAway> goaways_;
  std::map<std::uint16_t, std::uint32_t> settings_;
  std::map<std::uint32_t, std::uint64_t> window_updates_;
};

}  // namespace http2

#endif  // TESTS_HTTP2_PEER_H_
