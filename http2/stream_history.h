// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Which of its latest streams a client has opened, ended and reset: nghttp2 forgets that with each
// stream.
//
//   http2::StreamHistory history;
//   switch (history.Add(frame)) { ... }
//
// A client that has ended or reset a stream may send no more of it (RFC 9113, 5.1), and a stream
// that it has skipped can never be opened (5.1.1). nghttp2 ignores both once the stream is closed:
// it cannot tell whether the client ended the stream or the server did, which the client may not
// know yet. The history counts only what the client sends, so it never blames a client for that.
//
// One frame is let pass that RFC 9113 takes for an error of the connection (5.1): a reset of a stream that the
// client has not opened yet. gRPC's C core sends it instead of a call's header if the call's deadline
// passes just before that (seen with 1.51), and all other calls of the connection would be lost by it. Only
// once the client has opened a stream, and not far ahead, so that who speaks no HTTP/2 is still told.
//
// Thread safety: none. Ownership: a value.

#ifndef HTTP2_STREAM_HISTORY_H_
#define HTTP2_STREAM_HISTORY_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "http2/flood_budget.h"

namespace http2 {

class StreamHistory {
 public:
  // How many streams are remembered: of earlier ones everything is let pass.
  static constexpr std::size_t kStreams = 32;

  enum class Verdict {
    kLegal,
    kNothing,          // a reset of what does not exist: nghttp2 must not see it
    kStreamError,      // of type STREAM_CLOSED: the client has reset the stream
    kConnectionError,  // of type error_code()
  };

  // To be called for each frame that comes, in order.
  Verdict Add(const FrameHead& frame);

  std::uint32_t error_code() const { return error_code_; }

 private:
  enum State : std::uint32_t { kOpen, kEnded, kReset };

  struct Seen {
    std::uint32_t id = 0;
    State state = kOpen;
  };

  Verdict Fail(std::uint32_t error_code) {
    error_code_ = error_code;
    return Verdict::kConnectionError;
  }

  // Those that the client opens are odd, and each is above the one before. So each has its place,
  // until a later one takes it.
  Seen& PlaceOf(std::uint32_t id) { return streams_[id / 2 % kStreams]; }

  std::array<Seen, kStreams> streams_ = {};
  std::uint32_t last_ = 0;  // that was opened
  std::uint32_t error_code_ = 0;
};

}  // namespace http2

#endif  // HTTP2_STREAM_HISTORY_H_
