// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A number that one thread changes and any thread reads.
//
//   Counter calls;
//   calls.Add(1);                  // always the same thread
//   ... calls.value() ...          // any thread
//
// Several threads that count the same have one of these each, and a reader adds them up. So adding
// takes no locked instruction, and no core waits for another's cache.
//
// Thread safety: as said; two numbers that are read one after the other need not fit together.
// Ownership: a value, which is neither copied nor moved.

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
