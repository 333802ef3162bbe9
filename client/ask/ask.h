// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that ask the server something: one call, and its answer on standard output.
//
//   const Outcome outcome = AskWhoAmI({.connection = &connection, ...});
//
// Each prints a table or a sentence for people, or with Format::kJson the answer as one object.
//
// Thread safety: none; one at a time for each output.

#ifndef CLIENT_ASK_ASK_H_
#define CLIENT_ASK_ASK_H_

#include <string>

#include "client/connection.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/monotonic.h"
#include "client/options.h"
#include "client/output.h"
#include "client/style.h"

namespace udsecho::client {

// All of it borrowed.
struct Asking {
  Connection* connection;
  std::string address;  // for error messages
  const Options* options;
  Output* output;
  Interrupt* interrupt;
  Progress* progress;
  Style style;
  MonotonicTime wait_until;  // of --wait; the past if there is nothing to wait for
};

// grpc.health.v1.Health. kExitNotServing if the service is there and not serving. Until `wait_until`
// asks again and again what is not serving yet, over a new connection if the server went away.
Outcome AskHealth(const Asking& asking);

// A line for each change of what its Watch says, until Ctrl-C. A connection that is lost, and a server that does
// not answer, is a line too (UNREACHABLE), and then it is asked again: before the first answer for `wait`,
// and later for `wait_again`. The timeout is for the first answer over a connection.
Outcome WatchHealth(const Asking& asking);

Outcome AskWhoAmI(const Asking& asking);

// grpc.reflection.v1, or v1alpha of a server that has only that.
Outcome AskList(const Asking& asking);

// The same of descriptor sets (MethodOptions::protosets), without a server.
Outcome ListProtosets(const Options& options, const Style& style, Output* output);

// udsecho.v1.Admin.
Outcome AskStats(const Asking& asking);
Outcome AskConnections(const Asking& asking);
Outcome AskShutdown(const Asking& asking);

}  // namespace udsecho::client

#endif  // CLIENT_ASK_ASK_H_
