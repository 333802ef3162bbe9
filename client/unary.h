// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call of Echo or of Expand for each message, one after the other.
//
//   const Outcome outcome = SendUnary(sending);
//
// With an interval, SendUnary() is a ping: a call that fails is shown and counted, and the next one
// goes out all the same, over a new connection if the old one is lost. The outcome is then that of
// the first that failed.
//
// Thread safety: see sending.h.

#ifndef CLIENT_UNARY_H_
#define CLIENT_UNARY_H_

#include "client/exit_code.h"
#include "client/sending.h"

namespace udsecho::client {

Outcome SendUnary(const Sending& sending);

// Prints each reply as it comes. The timeout is for the wait between two replies, beyond the
// interval that was asked for.
Outcome SendExpand(const Sending& sending);

}  // namespace udsecho::client

#endif  // CLIENT_UNARY_H_
