// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/stream_history.h"

#include <nghttp2/nghttp2.h>

namespace http2 {

StreamHistory::Verdict StreamHistory::Add(const FrameHead& frame) {
  const std::uint32_t id = frame.stream;
  // nghttp2 looks at no PRIORITY, as the server's SETTINGS say that priorities are not used.
  if (frame.type == NGHTTP2_PRIORITY && id == 0) return Fail(NGHTTP2_PROTOCOL_ERROR);
  const bool is_headers = frame.type == NGHTTP2_HEADERS;
  const bool is_reset = frame.type == NGHTTP2_RST_STREAM;
  if (!is_headers && !is_reset && frame.type != NGHTTP2_DATA) return Verdict::kLegal;
  if (id % 2 == 1 && id > last_ && is_reset && last_ > 0 && id <= last_ + 2 * kStreams) {
    return Verdict::kNothing;
  }
  // nghttp2 refuses these.
  if (id % 2 == 0 || (id > last_ && !is_headers)) return Verdict::kLegal;
  Seen& seen = PlaceOf(id);
  if (id > last_) {
    last_ = id;
    seen = {.id = id, .state = kOpen};
  }
  if (seen.id > id) return Verdict::kLegal;  // forgotten
  if (is_reset) {
    if (seen.id == id) seen.state = kReset;
    return Verdict::kLegal;
  }
  if (seen.id < id) return Fail(NGHTTP2_PROTOCOL_ERROR);
  if (seen.state == kReset) return Verdict::kStreamError;
  if (seen.state == kEnded) return Fail(NGHTTP2_STREAM_CLOSED);
  if ((frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) seen.state = kEnded;
  return Verdict::kLegal;
}

}  // namespace http2
