// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// grpc.health.v1.Health, served like any other service: Check and Watch.
//
// For a service that was never Set(), Check answers NOT_FOUND and Watch SERVICE_UNKNOWN, as the
// protocol says; "" is the server as a whole. When the server drains, all are NOT_SERVING; watchers
// are told so, and their streams end with UNAVAILABLE.
//
// Thread safety: all methods, from any thread.

#ifndef RPC_BUILTIN_HEALTH_H_
#define RPC_BUILTIN_HEALTH_H_

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "grpc/health/v1/health.pb.h"
#include "http2/mutex.h"
#include "rpc/call/broadcast.h"
#include "rpc/call/stream_calls.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"

namespace rpc {

class Health final : public Service {
 public:
  using Request = grpc::health::v1::HealthCheckRequest;
  using Response = grpc::health::v1::HealthCheckResponse;
  using ServingStatus = Response::ServingStatus;

  Health();

  // No effect once the server drains.
  void Set(absl::string_view service, ServingStatus status);

  void Drain() override;

 private:
  Task Check(UnaryCall<Request, Response>& call);
  Task Watch(ServerStreamCall<Request, Response>& call);

  struct State {
    ServingStatus status;
    bool draining;  // the status will not change any more
  };
  State StateOf(const std::string& service) const;

  Broadcast changed_;

  mutable http2::Mutex mutex_;
  std::map<std::string, ServingStatus> statuses_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace rpc

#endif  // RPC_BUILTIN_HEALTH_H_
