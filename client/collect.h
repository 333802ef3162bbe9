// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// All messages over one stream of Collect, and its one answer.
//
//   const Outcome outcome = SendCollect(sending);
//
// A message that cannot be had (sending.h) ends the call without an answer. The timeout is for each
// message to be taken, and for the answer.
//
// Thread safety: see sending.h.

#ifndef CLIENT_COLLECT_H_
#define CLIENT_COLLECT_H_

#include "client/exit_code.h"
#include "client/sending.h"

namespace udsecho::client {

Outcome SendCollect(const Sending& sending);

}  // namespace udsecho::client

#endif  // CLIENT_COLLECT_H_
