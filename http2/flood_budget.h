// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Bounds the frames that a client may send that cost the server work and carry nothing.
//
//   http2::FloodBudget budget(clock->Now());
//   if (!budget.Spend(http2::FloodBudget::CostOf(frame, open_streams), clock->Now())) ...end it...
//   budget.Earn(1);                                  // something of use was done
//
// PING, SETTINGS, RST_STREAM, WINDOW_UPDATE, PRIORITY, GOAWAY, empty DATA, CONTINUATION and frames
// of unknown types have their uses, but no client needs many of them for each call. So they draw on
// a budget, which refills with time and with each answer that is sent: what a busy client sends
// along with its calls never empties it. HEADERS draw on it too, as HEADERS for a stream that is
// over are of no use; the answer to a request earns them back.
//
// Thread safety: none. Ownership: a value.

#ifndef HTTP2_FLOOD_BUDGET_H_
#define HTTP2_FLOOD_BUDGET_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "http2/clock.h"

namespace http2 {

// The first nine bytes of a frame (RFC 9113, 4.1).
struct FrameHead {
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
};

class FloodBudget {
 public:
  // Enough for a client that cancels thousands of calls at once. A thousand such frames take the
  // server less than a millisecond.
  static constexpr std::int64_t kMost = 10'000;
  static constexpr std::int64_t kRefillPerSecond = 1'000;

  // What a complete answer earns: as much as a client may send along with a call. And what a DATA
  // frame that is sent earns: some clients send two WINDOW_UPDATEs for each, for the connection and
  // for the stream, and a PING.
  static constexpr std::int64_t kForAnAnswer = 4;
  static constexpr std::int64_t kForData = 3;
  // In bytes. A shorter DATA frame earns only if nothing more was queued; otherwise it is short
  // because of the client's small window.
  static constexpr std::size_t kShort = 1024;

  explicit FloodBudget(Nanoseconds now) : refilled_(now) {}

  // What a frame costs; 0 for one that carries something. `open_streams`: SETTINGS can change the
  // window of each.
  static std::int64_t CostOf(const FrameHead& frame, std::size_t open_streams);

  // False when the budget is empty.
  [[nodiscard]] bool Spend(std::int64_t cost, Nanoseconds now) {
    left_ -= cost;
    if (left_ >= 0) return true;
    constexpr Nanoseconds kForOne = 1'000'000'000 / kRefillPerSecond;
    const std::int64_t refill = (now - refilled_) / kForOne;
    refilled_ += refill * kForOne;
    Earn(refill);
    return left_ >= 0;
  }

  void Earn(std::int64_t amount) { left_ = std::min(left_ + amount, kMost); }

 private:
  std::int64_t left_ = kMost;
  Nanoseconds refilled_;  // when time was last added
};

// Finds where frames begin in bytes that arrive in any pieces. Their payloads are skipped.
class FrameScanner {
 public:
  static constexpr std::size_t kHeadBytes = 9;
  static constexpr std::size_t kTypeAt = 3;

  // Calls `found` with the FrameHead of each frame whose head ends in `bytes`, and with the end of that.
  // Stops and returns false when `found` does.
  template <typename Found>
  bool Scan(const char* bytes, std::size_t count, Found found) {
    while (count > 0) {
      if (skip_ > 0) {
        const std::size_t skipped = std::min(skip_, count);
        skip_ -= skipped;
        bytes += skipped;
        count -= skipped;
        continue;
      }
      head_[seen_++] = static_cast<std::uint8_t>(*bytes++);
      --count;
      if (seen_ < kHeadBytes) continue;
      seen_ = 0;
      const FrameHead head{
          .length = static_cast<std::uint32_t>(head_[0] << 16 | head_[1] << 8 | head_[2]),
          .type = head_[3],
          .flags = head_[4],
          .stream = (head_[5] & 0x7fU) << 24 | static_cast<std::uint32_t>(head_[6]) << 16 |
                    static_cast<std::uint32_t>(head_[7]) << 8 | head_[8]};
      skip_ = head.length;
      if (!found(head, bytes)) return false;
    }
    return true;
  }

  // How many bytes of a head are still to come that has begun; else 0.
  std::size_t missing() const { return seen_ == 0 ? 0 : kHeadBytes - seen_; }

 private:
  std::uint8_t head_[kHeadBytes] = {};
  std::size_t seen_ = 0;
  std::size_t skip_ = 0;
};

}  // namespace http2

#endif  // HTTP2_FLOOD_BUDGET_H_
