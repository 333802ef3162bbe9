// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a bench found out.
//
// Thread safety: a value.

#ifndef CLIENT_BENCH_RESULT_H_
#define CLIENT_BENCH_RESULT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/bench/collector.h"
#include "client/bench/compared.h"
#include "client/bench/host.h"
#include "client/options.h"
#include "client/threshold.h"

namespace udsecho::client {

struct Result {
  // What was done.
  std::string command_line;
  std::string address;
  std::string method;            // "/udsecho.v1.Echo/Echo"
  std::string shape;             // "unary", "chat", "server stream"
  std::string name;              // that errors have for it
  bool is_any_method = false;    // of --call
  bool streams_replies = false;  // any number to a call, or of Echo as many as `messages`
  int64_t size = 0;              // bytes of a message
  int messages = 1;              // a call
  int concurrency = 0;
  int connections = 0;
  int threads = 0;
  double rate = 0;  // 0: closed loop
  double rate_from = 0;
  absl::Duration ramp;  // zero: `rate` all the time
  absl::Time began;     // what counts
  absl::Duration warmup;
  absl::Duration duration;
  absl::Duration delay;  // that the server was asked for, before each answer
  std::vector<Threshold> thresholds;
  Surroundings surroundings;

  Measured measured;
  bool retries = false;  // calls that failed were sent again

  absl::Duration cpu;  // of this process, in `duration`
  double busy = 0;     // the busiest sending thread: the share of the time that it had work

  // Of the workers, when they ended: see WorkerEnding.
  int in_flight = 0;
  int64_t due = 0;
  int64_t not_sent = 0;
  absl::Duration behind;
  Late late = Late::kClient;
  absl::Duration disconnected;      // of `duration`, in all
  absl::Duration disconnected_for;  // at the end; zero if there was a connection
  absl::Duration unanswered;  // for the last so long, calls were in flight, and nothing came of any

  std::optional<Compared> compared;  // with an earlier run

  bool interrupted = false;
  bool interrupted_in_warmup = false;

  // For how long there was no connection, in a sentence; empty if that is not worth one.
  std::string lost;

  // That the server stopped to answer, in a sentence; empty if it did not.
  std::string silent;

  // Why the rate was not kept, in a sentence; empty if it was.
  std::string missed;

  // Why calls began late at a rate that was kept, in a sentence; empty if they did not.
  std::string late_begins;

  // That the numbers are the client's and not the server's, and in a closed loop a sentence about it.
  // In an open loop, one of those above says it.
  bool client_is_the_limit = false;
  std::string limit;

  // The sentences that there are.
  std::vector<std::string> Notes() const;

  int64_t calls() const { return measured.latency.count(); }
  int64_t ended() const { return calls() + measured.errors(); }
  bool has_no_connection() const { return disconnected_for > absl::ZeroDuration(); }  // at the end
  double CallsPerSecond() const;
  double BytesPerSecond() const;  // of messages, one way: of any method, those that were sent
  double PerSecond(int64_t number) const;
};

// The share of busy() from which on the client counts as the limit.
inline constexpr double kClientIsTheLimit = 0.9;

// Fills in all from `lost` to `limit`.
void Judge(Result* result);

// "12,345", of a number that is not below zero.
std::string Thousands(double number);

// "12.3 s", "4.21 ms", "80 ns".
std::string SecondsText(absl::Duration time);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_RESULT_H_
