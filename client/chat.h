// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sends lines over one Chat stream and prints the replies as they arrive.
//
//   const Outcome outcome = Chat(&client, {.address = "unix:/tmp/sock1"}, STDIN_FILENO, &output,
//                                &progress);
//
// Lines go out without waiting for the replies to earlier ones, as fast as the server takes them.
// Replies are written when none is waiting behind them: at once for a person who types, in blocks
// for a million lines in a file, which cost the client 6 us of CPU each (measured with time(1),
// our own server and lines of 7 bytes).
//
// How it ends:
//   - the input ends: the stream is half-closed, and all replies are awaited and printed. The text
//     after the last line feed is a line, if there is any.
//   - a line is not UTF-8, or longer than kMaxLine: the same, for the lines before it; exit code 2.
//   - the input cannot be read: the same; exit code 1.
//   - the server ends the stream: at once, even while nobody types. By its status, or
//     UNAVAILABLE if it says OK though there was more to come.
//   - no reply for `timeout` while one is due: DEADLINE_EXCEEDED. The time counts from when
//     the line was sent or, if later, from the reply before it. Without an unanswered line there is
//     no limit.
//   - the output cannot be written: at once; exit code 1.
//
// Thread safety: one call at a time for each output. It runs a thread of its own, which has ended
// when it returns.

#ifndef CLIENT_CHAT_H_
#define CLIENT_CHAT_H_

#include <string>

#include "absl/time/time.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/output.h"

namespace udsecho::client {

struct ChatOptions {
  std::string address;                        // for error messages
  absl::Duration timeout = absl::Seconds(5);  // above zero
};

Outcome Chat(EchoClient* client, const ChatOptions& options, int input_fd, Output* output,
             Progress* progress);

}  // namespace udsecho::client

#endif  // CLIENT_CHAT_H_
