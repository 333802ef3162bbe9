// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The flags that ask the server something: one call, and its answer on standard output.
//
//   const Outcome outcome = AskWhoAmI({.client = &client, ...});
//
// Each prints a table or a sentence for people, or with Format::kJson the answer as one object.
//
// Thread safety: none; one at a time for each output.

#ifndef CLIENT_ASK_ASK_H_
#define CLIENT_ASK_ASK_H_

#include <string>

#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/output.h"
#include "client/style.h"

namespace udsecho::client {

// All of it borrowed.
struct Asking {
  EchoClient* client;
  std::string address;  // for error messages
  const Options* options;
  Output* output;
  Interrupt* interrupt;
  Style style;
};

// grpc.health.v1.Health. kExitNotServing if the service is there and not serving.
Outcome AskHealth(const Asking& asking);

Outcome AskWhoAmI(const Asking& asking);

// grpc.reflection.v1, or v1alpha of a server that has only that.
Outcome AskList(const Asking& asking);

// udsecho.v1.Admin.
Outcome AskStats(const Asking& asking);
Outcome AskConnections(const Asking& asking);
Outcome AskShutdown(const Asking& asking);

}  // namespace udsecho::client

#endif  // CLIENT_ASK_ASK_H_
