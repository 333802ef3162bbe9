// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What a program does before and after each call of its server, whatever the service: cap the time,
// check the caller, count, log.
//
//   rpc::ServerOptions options;
//   options.call_hooks.begin = [&](rpc::Call& call) {
//     call.LimitTime(absl::Seconds(30));
//     if (IsTooMuchFor(call.peer().uid)) return absl::ResourceExhaustedError("later, please");
//     call.attachment() = users.Find(call.peer().uid);   // for handlers, and for `ended`
//     return absl::OkStatus();
//   };
//   options.call_hooks.ended = [&](const rpc::EndedCall& call) {
//     metrics.Count(call.path, call.status.code(), call.duration);
//   };
//
// They are called for all sockets (Connection::endpoint says which) and services, those for health and
// reflection too: let paths that begin with "/grpc." pass where clients and probes are to find them.
//
// For several things to be done, call several functions. What one service does for its own calls is
// Service::Begin(). A hook that is not set costs nothing.
//
// Thread safety: hooks are called on the threads that handle calls, on several at once if there are
// several. They must not block or throw.
// Ownership: an EndedCall borrows all that it has, for the time of the hook.

#ifndef RPC_CALL_ENDED_CALL_H_
#define RPC_CALL_ENDED_CALL_H_

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "rpc/call/connection_info.h"

namespace rpc {

class Call;

struct EndedCall {
  // As the client sent it, such as /package.Service/Method. Any bytes, and any number of them.
  absl::string_view path;
  const Connection& connection;
  const absl::Status& status;
  // From the call's header to its status; 0 if it was refused before there was a handler for it.
  absl::Duration duration = absl::ZeroDuration();
  std::uint64_t bytes_received = 0;  // of messages, as encoded
  std::uint64_t bytes_sent = 0;

  // For its metadata and more. Null if it was refused before a handler was found for it.
  const Call* call = nullptr;
};

struct CallHooks {
  // A call is admitted and there is a handler for it, which has not run. A status other than OK is
  // the answer, and the handler does not run. Called before Service::Begin(); what that may do, this
  // may do too.
  std::function<absl::Status(Call&)> begin;

  // The status of a call is settled, whoever settled it: its handler, its client, or the server.
  std::function<void(const EndedCall&)> ended;

  // The server refuses a call, or ends one in the middle: it is over a limit, its caller may not
  // call, it or a message of it is malformed, there is no such method or no memory, or `begin` or
  // Service::Begin() said so. Called before `ended`, and with the duration 0 if that is not set.
  std::function<void(const EndedCall&)> refused;
};

}  // namespace rpc

#endif  // RPC_CALL_ENDED_CALL_H_
