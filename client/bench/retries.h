// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The calls of a bench that have failed, until they are due to be sent again.
//
//   retries.Add(&exchange, due);
//   for (Exchange* exchange : retries.Take(now)) exchange->BeginAgain(...);
//
// Thread safety: none. Ownership: borrows the exchanges.

#ifndef CLIENT_BENCH_RETRIES_H_
#define CLIENT_BENCH_RETRIES_H_

#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "client/bench/exchange.h"

namespace udsecho::client {

class Retries {
 public:
  using Clock = Exchange::Clock;

  void Add(Exchange* exchange, Clock::time_point due) { waiting_.emplace(due, exchange); }

  // When the first is due; never, if there is none.
  Clock::time_point next() const {
    return waiting_.empty() ? Clock::time_point::max() : waiting_.top().first;
  }

  // Those that are due, which are forgotten.
  std::vector<Exchange*> Take(Clock::time_point now) {
    std::vector<Exchange*> due;
    for (; next() <= now; waiting_.pop()) due.push_back(waiting_.top().second);
    return due;
  }

 private:
  using Waiting = std::pair<Clock::time_point, Exchange*>;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting_;
};

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_RETRIES_H_
