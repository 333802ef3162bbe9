// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// What callers ask for by metadata, on every method: values that come back, and compression.
//
//   absl::Status EchoService::Begin(rpc::Call& call) {
//     const absl::Status echoed = EchoMetadata(&call);
//     return echoed.ok() ? CompressAsAsked(&call) : echoed;
//   }
//
// Thread safety: on the thread of the call.

#ifndef SERVER_ECHO_METADATA_H_
#define SERVER_ECHO_METADATA_H_

#include "absl/status/status.h"
#include "rpc/call/call.h"

namespace udsecho {

// Sends back x-grpc-test-echo-initial among the initial metadata, and
// x-grpc-test-echo-trailing-bin among the trailers, whatever status these have.
// INVALID_ARGUMENT for a value that cannot be sent.
absl::Status EchoMetadata(rpc::Call* call);

// Compresses responses if udsecho-compress asks for it and the caller accepts them.
// INVALID_ARGUMENT for an encoding that nobody knows.
absl::Status CompressAsAsked(rpc::Call* call);

}  // namespace udsecho

#endif  // SERVER_ECHO_METADATA_H_
