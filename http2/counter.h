// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A number that one thread changes and any thread reads.
//
//   Counter calls;
//   calls.Add(1);                  // always the same thread
//   ... calls.value() ...          // anybody
//
// What several threads count is one of these for each of them, and read as their sum: adding then
// takes no locked instruction, and no core waits for another's cache.
//
// Thread safety: as said. Several numbers are not of one moment. Ownership: a value that stays
// where it is.

#ifndef HTTP2_COUNTER_H_
#define HTTP2_COUNTER_H_

#include <atomic>
#include <cstdint>

namespace http2 {

template <typename Number>
class SingleWriter {
 public:
  void Add(Number count) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  Number value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Number> value_ = 0;
};

using Counter = SingleWriter<std::uint64_t>;  // only grows
using Gauge = SingleWriter<std::int64_t>;     // comes and goes

}  // namespace http2

#endif  // HTTP2_COUNTER_H_
