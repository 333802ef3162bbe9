// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Sends what the command line says, in the shape that it says.
//
//   const Outcome outcome = Send(connection, options, streams, &interrupt);
//
// Thread safety: none.

#ifndef CLIENT_SEND_H_
#define CLIENT_SEND_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/echo_client.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/output.h"
#include "client/streams.h"

namespace udsecho::client {

// Where to.
struct Server {
  EchoClient* client;
  std::string address;  // for people
  std::function<absl::StatusOr<std::unique_ptr<EchoClient>>()> reconnect;
};

// Interrupted, if it was.
Outcome Send(const Server& server, const Options& options, const Streams& streams,
             Progress* progress, Interrupt* interrupt);

}  // namespace udsecho::client

#endif  // CLIENT_SEND_H_
