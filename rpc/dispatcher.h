// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Takes the header of an HTTP/2 request, and makes the call that answers it or refuses it.
//
//   rpc::Dispatcher dispatcher(&admission, all_calls, &calls);
//   std::unique_ptr<http2::Exchange> exchange =
//       dispatcher.Begin(stream, methods, connection, account);
//
// What is refused, in this order (gRPC's PROTOCOL-HTTP2.md and statuscodes.md; docs/security.md has
// all refusals):
//   metadata over the limit               RESOURCE_EXHAUSTED
//   a method other than POST              HTTP 405
//   a content-type that is not gRPC's     HTTP 415
//   a malformed -bin value or timeout     INTERNAL
//   a caller that may not call            the status of ServerOptions::admit
//   too many calls                        RESOURCE_EXHAUSTED
//   no such method                        UNIMPLEMENTED
//   no memory for one more call           RESOURCE_EXHAUSTED
//
// Thread safety: none; each thread has one. Ownership: borrows its parts.

#ifndef RPC_DISPATCHER_H_
#define RPC_DISPATCHER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "http2/exchange.h"
#include "http2/stream.h"
#include "rpc/admission.h"
#include "rpc/call/call.h"
#include "rpc/service.h"

namespace rpc {

class Dispatcher {
 public:
  Dispatcher(const Admission* admission, const std::vector<const Calls*>* all_calls, Calls* calls)
      : admission_(*admission), all_calls_(*all_calls), calls_(*calls) {}

  // Null if the request was refused: then it has been answered. `methods`: those served at the
  // connection's socket.
  std::unique_ptr<http2::Exchange> Begin(http2::Stream& stream, const Methods& methods,
                                         std::shared_ptr<Connection> connection,
                                         CallerAccount* account);

 private:
  absl::Status MayCall(const Connection& connection, const CallerAccount& account);

  const Admission& admission_;
  const std::vector<const Calls*>& all_calls_;
  Calls& calls_;
};

}  // namespace rpc

#endif  // RPC_DISPATCHER_H_
