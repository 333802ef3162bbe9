// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Lines about calls: those that the server refuses, and, with --access_log, all of them.
//
//   CallEvents calls(&log, run_after);
//   options.call_hooks.refused = [&](const rpc::EndedCall& call) { calls.Refused(call); };
//   options.call_hooks.ended = [&](const rpc::EndedCall& call) { WriteAccess(&access_log, call); };
//
// Names and fields: see events.h.
//
// Thread safety: any thread. Ownership: borrows the log.

#ifndef SERVER_CALL_EVENTS_H_
#define SERVER_CALL_EVENTS_H_

#include "rpc/call/ended_call.h"
#include "server/events.h"
#include "server/log.h"

namespace udsecho {

class CallEvents {
 public:
  CallEvents(Log* log, RunAfter run_after);

  void Refused(const rpc::EndedCall& call);

 private:
  Log& log_;
  LimitedLines refused_;
};

// Not limited, and whatever the log's level: an access log has a line for each call. Lines that the log's reader does not take in
// time are counted as lost (log.h).
void WriteAccess(Log* log, const rpc::EndedCall& call);

}  // namespace udsecho

#endif  // SERVER_CALL_EVENTS_H_
