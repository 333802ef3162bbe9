// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/header_flood.h"

#include <algorithm>
#include <cstddef>

namespace rpc {
namespace {

// RFC 9113, 4.1 and 6.
constexpr std::size_t kHead = 9;
constexpr std::size_t kMaxLength = 16'384;
constexpr unsigned char kContinuation = 9;

// So many frames in a row are no coincidence: each head has a length and a type that fit.
constexpr int kFrames = 2;

// Whether frames follow one another from here to the end, with a CONTINUATION among them.
bool Follow(absl::string_view bytes) {
  int frames = 0;
  bool found = false;
  while (bytes.size() >= kHead) {
    const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const std::size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (length > kMaxLength || byte(3) > kContinuation) return false;
    found = found || byte(3) == kContinuation;
    ++frames;
    bytes.remove_prefix(std::min(bytes.size(), kHead + length));
  }
  return found && frames >= kFrames;
}

}  // namespace

bool HasContinuation(absl::string_view bytes) {
  const std::size_t first_frames = std::min(bytes.size(), kHead + kMaxLength);
  for (std::size_t start = 0; start < first_frames; ++start) {
    if (Follow(bytes.substr(start))) return true;
  }
  return false;
}

}  // namespace rpc
