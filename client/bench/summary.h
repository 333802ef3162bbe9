// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A bench's result, for people and for programs.
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_BENCH_SUMMARY_H_
#define CLIENT_BENCH_SUMMARY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/bench/result.h"
#include "client/style.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

std::string SummaryText(const Result& result, const Style& style);

// Times in the unit that the name ends with. What the names do not say:
//   calls, latency_us         of those that succeeded; at a rate, latency counts from when they were due
//   bytes_per_second          of messages, one way; of a method of --call those that were sent
//   messages_received         with bytes_received, and both a second: of calls that succeeded; bytes as
//                             they came, maybe compressed
//   late_p99_us               from when a call was due to when it began
//   due, due_and_not_sent     at a rate, and with a count that was given up
//   rate_missed               at the end, calls were more than 0.1 s and 1 % of the time behind
//   in_flight_at_the_end      not answered, and in no other number
//   disconnected_s            for so long in all there was no connection that took calls; of several
//                             threads that of the worst. A part of it is disconnected_at_the_end_s,
//                             which is zero if the server was there at the end
//   unanswered_at_the_end_s   for so long calls were in flight, and none of them was answered
//   server_is_silent          that was a second, and a tenth of the time or 10 s, at least, and longer
//                             than --delay and twice the slowest call: the server hangs
//   client_busy               the share of the time that the busiest thread had work; waiting for the
//                             next call to be due is none
//   client_is_the_limit       in a closed loop that is 90 % or more; at a rate, calls were late or not
//                             sent because the client had no time
//   fail_if                   each condition, whether it came true (failed), and the value in its unit;
//                             empty after Ctrl-C in the warm-up
//   comparison                with --compare: what makes the runs incomparable, or worth a second look, and
//                             the differences, each with its noise and verdict
//   histogram                 how many calls took longer than the bin before and up to this one, to 2 %
//   time_line                 counts and latency of each so many seconds; the last point stands for what
//                             is left of duration_s
nlohmann::ordered_json SummaryJson(const Result& result);

// To 10 ns: more digits would say nothing.
double RoundedMicroseconds(absl::Duration time);

// Why there are no numbers, where no call succeeded.
absl::string_view NothingText(const Result& result);

// "unary, 64 bytes, 64 in flight on 1 connection": what was done.
std::string Setting(const Result& result);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_SUMMARY_H_
