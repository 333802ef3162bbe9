// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sends messages over one Chat stream and prints the replies as they arrive.
//
//   const Outcome outcome = Chat(sending);
//
// Messages go out without waiting for the replies to earlier ones, as fast as the server takes
// them, or at the interval. Replies are written when none is waiting behind them: at once for a
// person who types, in blocks for a million lines in a file, which cost the client 6 us of CPU each
// (measured with time(1), our own server and lines of 7 bytes).
//
// How it ends:
//   - as sending.h says. Once the messages have ended, the stream is half-closed, and all replies
//     are awaited and printed.
//   - the server ends the stream: at once, even while nobody types. By its status, or
//     UNAVAILABLE if it says OK though there was more to come.
//   - no reply for `timeout` while one is due: DEADLINE_EXCEEDED. The time counts from when
//     the message was sent or, if later, from the reply before it. Without an unanswered message
//     there is no limit.
//
// With an interval it is a ping, and the next message goes out over a new stream when one has failed, if
// messages are those of the command line. The outcome is then that of the first that failed.
//
// Thread safety: see sending.h.

#ifndef CLIENT_CHAT_H_
#define CLIENT_CHAT_H_

#include "client/exit_code.h"
#include "client/sending.h"

namespace udsecho::client {

Outcome Chat(const Sending& sending);

}  // namespace udsecho::client

#endif  // CLIENT_CHAT_H_
