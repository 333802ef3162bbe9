// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Unary calls, a message each, several at a time: their answers come in the order of the messages, or as they
// come (Options::unordered).
//
//   const Outcome outcome = CallEach(calling);
//
// Of options: calls in flight (bench.concurrency, by default one), interval between their starts, and what holds for
// each call. Memory is that of the calls in flight and of the answers that wait for an earlier one.
//
// Thread safety: none.

#ifndef CLIENT_CALL_UNARY_CALLS_H_
#define CLIENT_CALL_UNARY_CALLS_H_

#include "client/call/calling.h"

namespace udsecho::client {

Outcome CallEach(const Calling& calling);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_UNARY_CALLS_H_
