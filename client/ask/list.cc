// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/reflected_services.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string Text(const std::vector<ReflectedService>& services, const Style& style) {
  std::vector<std::string> lines;
  for (const ReflectedService& service : services) {
    lines.push_back(style.Bold(uds::Printable(service.name)));
    for (const std::string& method : service.methods) {
      lines.push_back(absl::StrCat("  ", uds::Printable(method)));
    }
  }
  return absl::StrJoin(lines, "\n");
}

std::string Json(const std::vector<ReflectedService>& services) {
  nlohmann::ordered_json json = {{"services", nlohmann::ordered_json::array()}};
  for (const ReflectedService& service : services) {
    json["services"].push_back({{"name", service.name}, {"methods", service.methods}});
  }
  return JsonLine(json);
}

grpc::Status Ask(const Asking& asking, Reflection version,
                 std::vector<ReflectedService>* services) {
  grpc::ClientContext context;
  SetUp(asking.options->call, &context);
  const InterruptedBy scope(asking.interrupt, &context);
  return ListServices(asking.connection->client().channel(), version, asking.options->call.timeout,
                      &context, services);
}

}  // namespace

Outcome AskList(const Asking& asking) {
  std::vector<ReflectedService> services;
  const grpc::Status status = Ask(asking, Reflection::kV1, &services);
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    const grpc::Status older = Ask(asking, Reflection::kV1Alpha, &services);
    if (!older.ok()) return Failed(asking, "Reflection", older);
  } else if (!status.ok()) {
    return Failed(asking, "Reflection", status);
  }
  const bool json = asking.options->format == Format::kJson;
  return Print(asking, json ? Json(services) : Text(services, asking.style));
}

}  // namespace udsecho::client
