// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <algorithm>

#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/may_serve_later.h"
#include "client/target.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

grpc::Status Check(const Asking& asking, HealthCheckResponse* response) {
  const auto stub = grpc::health::v1::Health::NewStub(asking.connection->client().channel());
  HealthCheckRequest request;
  request.set_service(asking.options->health_service);
  const auto prepare = [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
    return stub->PrepareAsyncCheck(context, request, queue);
  };
  const grpc::Status status = Call(asking, "grpc.health.v1.Health/Check", response, prepare);
  asking.connection->CallEnded(status);
  return status;
}

// Waits a little. False when the time is over.
bool Pause(const Asking& asking) {
  const MonotonicTime now = MonotonicNow();
  return now < asking.wait_until &&
         asking.interrupt->SleepUntil(std::min(now + kRetryInterval, asking.wait_until));
}

}  // namespace

Outcome AskHealth(const Asking& asking) {
  HealthCheckResponse response;
  grpc::Status status = Check(asking, &response);
  while (response.status() != HealthCheckResponse::SERVING && MayServeLater(status) &&
         Pause(asking)) {
    if (const absl::Status ready = asking.connection->Ready(); !ready.ok()) {
      return asking.interrupt->triggered() ? Interrupted() : ConnectError(ready);
    }
    response.Clear();
    status = Check(asking, &response);
  }
  if (!status.ok() || asking.interrupt->triggered()) {
    return Failed(asking, "Health.Check", status);
  }

  const bool serving = response.status() == HealthCheckResponse::SERVING;
  const std::string name = HealthCheckResponse::ServingStatus_IsValid(response.status())
                               ? HealthCheckResponse::ServingStatus_Name(response.status())
                               : absl::StrCat("of status ", static_cast<int>(response.status()));
  Outcome printed = PrintAnswer(asking, response, [&] {
    return serving ? asking.style.Green(name) : asking.style.Red(name);
  });
  if (!printed.ok() || serving) return printed;
  const std::string& service = asking.options->health_service;
  const std::string what = service.empty() ? "the server" : uds::Printable(service);
  return {kExitNotServing, absl::StrCat("Health.Check: ", asking.address, ": ", what, " is ", name,
                                        "; is it starting, or draining?")};
}

}  // namespace udsecho::client
