// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// One call of a streaming method, of whatever shape.
//
//   const Outcome outcome = StreamAll(calling);   // all messages in one call
//   const Outcome outcome = StreamEach(calling);  // a call for each: for methods that take one message
//
// A stream may wait for its next reply for as long as it likes, unless --timeout was given (CallOptions::
// limits_streams), which then is for each reply.
//
// Thread safety: none.

#ifndef CLIENT_CALL_STREAM_CALL_H_
#define CLIENT_CALL_STREAM_CALL_H_

#include "client/call/calling.h"

namespace udsecho::client {

Outcome StreamAll(const Calling& calling);
Outcome StreamEach(const Calling& calling);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_STREAM_CALL_H_
