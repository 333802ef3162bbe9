// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A conversation at a terminal: each line typed is a message of one Chat stream, and replies show
// up above the prompt as they come.
//
//   const Outcome outcome = Interact(streams, &interrupt, [&](int in, int out) { ...Chat... });
//
// Ctrl-D on an empty line leaves, Ctrl-C too (130). The server's end of the stream leaves at once.
//
// Thread safety: none. It runs a thread of its own, which has ended when it returns.

#ifndef CLIENT_INTERACTIVE_INTERACTIVE_H_
#define CLIENT_INTERACTIVE_INTERACTIVE_H_

#include <functional>
#include <string>

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/streams.h"

namespace udsecho::client {

// `chat` reads lines from `in` until its end and writes replies to `out`, on another thread.
Outcome Interact(const Streams& streams, Interrupt* interrupt, const std::string& address,
                 const std::function<Outcome(int in, int out)>& chat);

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_INTERACTIVE_H_
