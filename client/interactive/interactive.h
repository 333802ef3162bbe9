// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A conversation at a terminal: each line typed is a message, and replies show up above the prompt as
// they come.
//
//   const Outcome outcome = Interact(streams, &interrupt, {.address = "unix:/tmp/sock1",
//                                                          .run = [](...) { ...Chat... }});
//
// Ctrl-D on an empty line leaves. Nothing else does: a call that fails, a timeout and a server that
// went away are told, and the next line goes out in a new run. Ctrl-C gives up the line. On an empty
// one it gives up the calls under way, as psql does, and says how many messages have no reply. Lines
// are kept from one time to the next (history_file.h).
//
// Thread safety: none. It runs a thread of its own, which has ended when it returns.

#ifndef CLIENT_INTERACTIVE_INTERACTIVE_H_
#define CLIENT_INTERACTIVE_INTERACTIVE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/streams.h"
#include "client/tell.h"

namespace udsecho::client {

struct Conversation {
  std::string address;  // for people

  // An empty line ends the run, which then says what it has; else it is a message.
  bool ends_with_empty_line = false;

  // Reads lines from `in` until its end and writes replies to `out`, on another thread, until all is
  // done, or it cannot go on, or is interrupted. Counts in `ended` the messages that were answered or
  // have failed.
  std::function<Outcome(int in, int out, Interrupt* interrupt, const Tell& tell,
                        std::atomic<int64_t>* ended)>
      run;
};

// The outcome is that of the run that Ctrl-D ended; if none was going on, all is well. Its error was
// told.
Outcome Interact(const Streams& streams, Interrupt* interrupt, const Conversation& conversation);

}  // namespace udsecho::client

#endif  // CLIENT_INTERACTIVE_INTERACTIVE_H_
