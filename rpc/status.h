// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// From the statuses of uds/ and absl to those that a call can end with.
//
//   co_await call.Finish(rpc::ToGrpcStatus(absl::InvalidArgumentError("delay is below 0")));
//
// Thread safety: a pure function.

#ifndef RPC_STATUS_H_
#define RPC_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"

namespace rpc {

// The codes have the same numbers; absl took them from gRPC (absl/status/status.h).
inline grpc::Status ToGrpcStatus(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace rpc

#endif  // RPC_STATUS_H_
