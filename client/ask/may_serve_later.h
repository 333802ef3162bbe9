// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Of what is not serving now: whether it may be later without anybody doing anything about it.
//
// Thread safety: a pure function.

#ifndef CLIENT_ASK_MAY_SERVE_LATER_H_
#define CLIENT_ASK_MAY_SERVE_LATER_H_

#include "grpcpp/support/status.h"

namespace udsecho::client {

// `status` is what a call of grpc.health.v1.Health ended with.
inline bool MayServeLater(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::OK:                  // starting, or draining
    case grpc::StatusCode::NOT_FOUND:           // not registered yet
    case grpc::StatusCode::UNAVAILABLE:         // about to be started again
    case grpc::StatusCode::DEADLINE_EXCEEDED:   // too busy
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // likewise
      return true;
    default:
      return false;
  }
}

}  // namespace udsecho::client

#endif  // CLIENT_ASK_MAY_SERVE_LATER_H_
