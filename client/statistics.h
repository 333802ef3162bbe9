// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What --interval tells at the end, as ping does.
//
//   Statistics statistics("unix:/tmp/sock1");
//   statistics.Sent();
//   statistics.Received(round_trip);
//   Print(statistics.Text());
//
// Thread safety: all methods, from any thread: what was pressed is answered on a thread of its own.

#ifndef CLIENT_STATISTICS_H_
#define CLIENT_STATISTICS_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "client/histogram.h"
#include "client/monotonic.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

class Statistics {
 public:
  // `sent_again`, if calls are: how many were. It is called on any thread.
  explicit Statistics(std::string where, std::function<int64_t()> sent_again = nullptr)
      : where_(std::move(where)), sent_again_(std::move(sent_again)) {}

  void Sent() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++sent_;
  }
  void Received(absl::Duration round_trip) {
    const std::lock_guard<std::mutex> lock(mutex_);
    times_.Add(round_trip);
  }

  int64_t sent() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return sent_;
  }
  int64_t received() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return times_.count();
  }

  // Three lines, or two if nothing was received; without the last line feed.
  std::string Text() const;

  // What there is so far, on one line.
  std::string Line() const;
  nlohmann::ordered_json Json() const;

 private:
  const std::string where_;
  const std::function<int64_t()> sent_again_;
  std::string Again() const;
  std::string Times() const;
  double LostPercent() const;

  const MonotonicTime begin_ = MonotonicNow();
  mutable std::mutex mutex_;
  int64_t sent_ = 0;  // guarded by mutex_
  Histogram times_;   // guarded by mutex_
};

// "0.212 ms": for people, with three digits that count.
std::string Milliseconds(absl::Duration duration);

}  // namespace udsecho::client

#endif  // CLIENT_STATISTICS_H_
