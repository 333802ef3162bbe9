// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/flood_budget.h"

#include <nghttp2/nghttp2.h>

namespace http2 {

std::int64_t FloodBudget::CostOf(const FrameHead& frame, std::size_t open_streams) {
  // Changes all windows: a few nanoseconds each.
  constexpr std::int64_t kStreamsAsDearAsAFrame = 16;
  switch (frame.type) {
    case NGHTTP2_DATA:
      return frame.length == 0 ? 1 : 0;
    case NGHTTP2_SETTINGS:
      return 4 + static_cast<std::int64_t>(open_streams) / kStreamsAsDearAsAFrame;
    case NGHTTP2_CONTINUATION:
      return 4;
    case NGHTTP2_GOAWAY:
      return 8;
    default:
      return 1;
  }
}

}  // namespace http2
