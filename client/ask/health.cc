// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>

#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "uds/printable.h"

namespace udsecho::client {

Outcome AskHealth(const Asking& asking) {
  using grpc::health::v1::HealthCheckResponse;
  const auto stub = grpc::health::v1::Health::NewStub(asking.client->channel());
  grpc::health::v1::HealthCheckRequest request;
  request.set_service(asking.options->health_service);
  HealthCheckResponse response;
  const grpc::Status status = Call(asking, [&](grpc::ClientContext* context) {
    return stub->Check(context, request, &response);
  });
  if (!status.ok()) return Failed(asking, "Health.Check", status);

  const bool serving = response.status() == HealthCheckResponse::SERVING;
  const std::string name = HealthCheckResponse::ServingStatus_Name(response.status());
  Outcome printed = PrintAnswer(asking, response, [&] {
    return serving ? asking.style.Green(name) : asking.style.Red(name);
  });
  if (!printed.ok() || serving) return printed;
  const std::string what =
      request.service().empty() ? "the server" : uds::Printable(request.service());
  return {kExitNotServing, absl::StrCat("Health.Check: ", asking.address, ": ", what, " is ", name,
                                        "; is it starting, or draining?")};
}

}  // namespace udsecho::client
