// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// --call and --describe: any method of any server, by its reflection or by descriptor sets.
//
//   const Outcome outcome = CallMethod({&connection, name}, options, streams, &progress, &interrupt);
//
// Thread safety: none.

#ifndef CLIENT_CALL_CALL_METHOD_H_
#define CLIENT_CALL_CALL_METHOD_H_

#include "client/connection.h"
#include "client/exit_code.h"
#include "client/interrupt.h"
#include "client/options.h"
#include "client/output.h"
#include "client/streams.h"

namespace udsecho::client {

Outcome CallMethod(const Server& server, const Options& options, const Streams& streams,
                   Progress* progress, Interrupt* interrupt);

Outcome DescribeIt(const Server& server, const Options& options, const Streams& streams,
                   Interrupt* interrupt);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_CALL_METHOD_H_
