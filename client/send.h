// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sends what the command line says, in the shape that it says.
//
//   const Outcome outcome = Send(server, options, streams, &progress, &interrupt);
//
// Thread safety: none.

#ifndef CLIENT_SEND_H_
#define CLIENT_SEND_H_

#include <string>

#include "client/connection.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/output.h"
#include "client/streams.h"

namespace udsecho::client {

// Interrupted, if it was.
Outcome Send(const Server& server, const Options& options, const Streams& streams,
             Progress* progress, Interrupt* interrupt);

}  // namespace udsecho::client

#endif  // CLIENT_SEND_H_
