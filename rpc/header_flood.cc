// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/header_flood.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace rpc {
namespace {

// RFC 9113, 4.1 and 6.10.
constexpr std::size_t kHead = 9;
constexpr std::size_t kMaxLength = 16'384;
constexpr unsigned char kContinuation = 9;
constexpr unsigned char kEndHeaders = 4;

struct Head {
  std::size_t length;
  std::uint32_t stream;
};

// The head of a CONTINUATION frame, if `bytes` begin with one that a client could send.
std::optional<Head> ContinuationAt(absl::string_view bytes) {
  if (bytes.size() < kHead) return std::nullopt;
  const auto byte = [&bytes](std::size_t at) -> std::uint32_t {
    return static_cast<unsigned char>(bytes[at]);
  };
  const Head head{.length = byte(0) << 16 | byte(1) << 8 | byte(2),
                  .stream = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8)};
  const bool is_one = head.length <= kMaxLength && byte(3) == kContinuation &&
                      (byte(4) & ~kEndHeaders) == 0 && head.stream < 1U << 31 &&
                      head.stream % 2 == 1;
  return is_one ? std::optional(head) : std::nullopt;
}

}  // namespace

bool HasContinuation(absl::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(1)) {
    const std::optional<Head> first = ContinuationAt(bytes);
    if (!first.has_value() || bytes.size() < kHead + first->length) continue;
    const std::optional<Head> second = ContinuationAt(bytes.substr(kHead + first->length));
    if (second.has_value() && second->stream == first->stream) return true;
  }
  return false;
}

}  // namespace rpc
