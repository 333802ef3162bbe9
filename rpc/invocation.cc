// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/invocation.h"

namespace rpc {

grpc::Status UnsaidStatus(const Call& call) {
  if (call.ending()) return call.end_status();
  if (call.cancelled()) return {grpc::StatusCode::CANCELLED, "the caller went away"};
  return {grpc::StatusCode::INTERNAL,
          "the handler ended without a status; report this to its authors"};
}

grpc::Status ConnectionGoneStatus() {
  return {grpc::StatusCode::UNAVAILABLE, "the connection ended; connect again"};
}

grpc::Status NoRequestStatus(const Call& call) {
  if (call.ending()) return call.end_status();
  return {grpc::StatusCode::INTERNAL,
          "the call ended before its message was there; mend the client"};
}

}  // namespace rpc
