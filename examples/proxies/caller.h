// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Who called a service that is reached through a proxy. For the service, the caller is the proxy's uid;
// the proxy says in metadata who called it.
//
//   rpc::Task Hello(rpc::UnaryCall<HelloRequest, HelloReply>& call) {
//     const auto caller = proxies::CallerOf(call, proxy_uid_);
//     if (!caller.ok()) {
//       co_await call.Finish(caller.status());
//       co_return;
//     }
//     ... caller->subject ...
//   }
//
// The proxy must set these headers on each call, and overwrite what its own caller sent: README.md.
//
// Thread safety: none needed; it only reads the call.

#ifndef EXAMPLES_PROXIES_CALLER_H_
#define EXAMPLES_PROXIES_CALLER_H_

#include <sys/types.h>

#include <string>

#include "absl/status/statusor.h"
#include "rpc/call/call.h"

namespace proxies {

struct Caller {
  // The name in the certificate that the caller has shown to the proxy; empty without one.
  std::string subject;
  // The address from which the caller has connected to the proxy, or to the front before it.
  std::string address;
};

// PERMISSION_DENIED if the call does not come from the proxy's uid, by the kernel's word: anybody can send
// the headers. INTERNAL if there is a header more than once: the proxy adds its own beside the caller's.
absl::StatusOr<Caller> CallerOf(const rpc::Call& call, uid_t proxy_uid);

}  // namespace proxies

#endif  // EXAMPLES_PROXIES_CALLER_H_
