// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Decides whether a loop looks for its next event again and again for a little while, before it
// sleeps.
//
//   BusyPoll busy(absl::Microseconds(50));
//   bool found = Look();                                  // there may be one already
//   if (!found && busy.IsWorthIt(now)) {
//     while (!(found = Look()) && now < began + busy.length()) ...
//     busy.Ended(now, found);
//   }
//   if (!found) Sleep();
//
// A client that waits for one answer before it asks again is back within 10 to 50 us. Going to
// sleep and being woken takes as long, and as much CPU, as looking on. tools/bench/levers.md has
// what is gained.
//
// It is in vain if the client has no core to run on, or comes back later. So each time that nothing
// came, the loop sleeps at once for a while: twice as long a while each time, until an event comes
// again. An idle process sleeps.
//
// Thread safety: none. Ownership: a value.

#ifndef HTTP2_BUSY_POLL_H_
#define HTTP2_BUSY_POLL_H_

#include <algorithm>
#include <chrono>

#include "absl/time/time.h"

namespace http2 {

class BusyPoll {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // At most a thousandth of the CPU is then spent in vain (50 us in 50 ms).
  static constexpr std::chrono::milliseconds kLongestPause{50};

  // `length`: how long to look at the most; 0 and less: never.
  explicit BusyPoll(absl::Duration length) : length_(absl::ToChronoNanoseconds(length)) {}

  std::chrono::nanoseconds length() const { return length_; }

  bool IsWorthIt(Time now) const { return length_.count() > 0 && now >= paused_until_; }

  void Ended(Time now, bool found) {
    pause_ = found ? length_ : std::min<std::chrono::nanoseconds>(2 * pause_, kLongestPause);
    if (!found) paused_until_ = now + pause_;
  }

 private:
  const std::chrono::nanoseconds length_;
  std::chrono::nanoseconds pause_ = length_;
  Time paused_until_;
};

}  // namespace http2

#endif  // HTTP2_BUSY_POLL_H_
