// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/health.h"

#include "absl/strings/str_cat.h"

namespace rpc {

Health::Health() : Service("grpc.health.v1.Health") {
  Handle("Check", &Health::Check);
  Handle("Watch", &Health::Watch);
}

void Health::Set(absl::string_view service, ServingStatus status) {
  if (draining_) return;
  statuses_[std::string(service)] = status;
  changed_.Send();
}

void Health::Drain() {
  draining_ = true;
  for (auto& [service, status] : statuses_) status = Response::NOT_SERVING;
  changed_.Send();
}

Health::ServingStatus Health::StatusOf(const std::string& service) const {
  const auto found = statuses_.find(service);
  return found == statuses_.end() ? Response::SERVICE_UNKNOWN : found->second;
}

Task Health::Check(UnaryCall<Request, Response>& call) {
  const ServingStatus status = StatusOf(call.request().service());
  if (status == Response::SERVICE_UNKNOWN) {
    co_await call.Finish(
        {grpc::StatusCode::NOT_FOUND, "no such service here; reflection lists those that are"});
    co_return;
  }
  Response response;
  response.set_status(status);
  co_await call.Finish(response);
}

Task Health::Watch(ServerStreamCall<Request, Response>& call) {
  Response response;
  ServingStatus told = Response::UNKNOWN;  // which is never set
  while (!draining_ || told != StatusOf(call.request().service())) {
    const ServingStatus status = StatusOf(call.request().service());
    if (status != told) {
      response.set_status(status);
      if (!co_await call.Write(response)) co_return;
      told = status;
    } else if (!co_await call.Wait(changed_)) {
      co_return;
    }
  }
  co_await call.Finish({grpc::StatusCode::UNAVAILABLE, "the server is draining; connect again"});
}

}  // namespace rpc
