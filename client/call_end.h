// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What --verbose tells of a call: what is sent, and what is known once it has ended.
//
//   TellCall({"udsecho.v1.Echo/Echo", "localhost", options.timeout}, options, &progress);
//   TellEnd({.status = status, .context = context, .took = took}, &progress);
//
// Thread safety: values. Ownership: borrows.

#ifndef CLIENT_CALL_END_H_
#define CLIENT_CALL_END_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/options.h"
#include "client/output.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

struct CallEnd {
  const grpc::Status& status;
  const grpc::ClientContext& context;
  absl::Duration took;
};

struct CallBegin {
  absl::string_view method;     // "demo.Greeter/Hello"
  absl::string_view authority;  // unless the options have one
  absl::Duration timeout;
};

// Method, authority, timeout and headers.
void TellCall(const CallBegin& begin, const CallOptions& options, Progress* progress);

// Headers, trailers, status and time.
void TellEnd(const CallEnd& end, Progress* progress);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_END_H_
