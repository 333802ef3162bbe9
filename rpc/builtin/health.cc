// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/builtin/health.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace rpc {

Health::Health() : Service("grpc.health.v1.Health") {
  Handle("Check", &Health::Check);
  Handle("Watch", &Health::Watch);
}

void Health::Set(absl::string_view service, ServingStatus status) {
  {
    const http2::MutexLock lock(&mutex_);
    if (draining_) return;
    statuses_[std::string(service)] = status;
  }
  changed_.Send();
}

void Health::Drain() {
  {
    const http2::MutexLock lock(&mutex_);
    draining_ = true;
    for (auto& [service, status] : statuses_) status = Response::NOT_SERVING;
  }
  changed_.Send();
}

Health::State Health::StateOf(const std::string& service) const {
  const http2::MutexLock lock(&mutex_);
  const auto found = statuses_.find(service);
  return {.status = found == statuses_.end() ? Response::SERVICE_UNKNOWN : found->second,
          .draining = draining_};
}

Task Health::Check(UnaryCall<Request, Response>& call) {
  const ServingStatus status = StateOf(call.request().service()).status;
  if (status == Response::SERVICE_UNKNOWN) {
    co_await call.Finish(
        absl::NotFoundError("no such service here; reflection lists those that are"));
    co_return;
  }
  Response response;
  response.set_status(status);
  co_await call.Finish(response);
}

Task Health::Watch(ServerStreamCall<Request, Response>& call) {
  Response response;
  ServingStatus told = Response::UNKNOWN;  // which is never set
  for (;;) {
    const std::uint64_t seen = changed_.sent();
    const State state = StateOf(call.request().service());
    if (state.status != told) {
      response.set_status(state.status);
      if (!co_await call.Write(response)) co_return;
      told = state.status;
    } else if (state.draining) {
      break;
    } else if (!co_await call.Wait(changed_, seen)) {
      co_return;
    }
  }
  co_await call.Finish(absl::UnavailableError("the server is draining; connect again"));
}

}  // namespace rpc
