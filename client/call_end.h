// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What is known of a call once it has ended.
//
// Thread safety: values. Ownership: borrows.

#ifndef CLIENT_CALL_END_H_
#define CLIENT_CALL_END_H_

#include "absl/time/time.h"
#include "client/output.h"
#include "grpcpp/grpcpp.h"

namespace udsecho::client {

struct CallEnd {
  const grpc::Status& status;
  const grpc::ClientContext& context;
  absl::Duration took;
};

// Headers, trailers, status and time, for --verbose.
void TellEnd(const CallEnd& end, Progress* progress);

}  // namespace udsecho::client

#endif  // CLIENT_CALL_END_H_
