// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/ask/reflected_services.h"
#include "client/schema/protoset_source.h"
#include "client/schema/schema.h"
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
  const absl::Duration timeout = asking.options->call.timeout;
  const bool is_v1 = version == Reflection::kV1;
  TellCall({is_v1 ? "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
                  : "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            asking.connection->client().authority(), timeout},
           asking.options->call, asking.progress);
  const MonotonicTime begin = MonotonicNow();
  grpc::ClientContext context;
  SetUp(asking.options->call, &context);
  const InterruptedBy scope(asking.interrupt, &context);
  const grpc::Status status =
      ListServices(asking.connection->client().channel(), version, timeout, &context, services);
  TellEnd({.status = status, .context = context, .took = MonotonicNow() - begin}, asking.progress);
  return status;
}

std::string MethodText(const google::protobuf::MethodDescriptor& method) {
  return absl::StrCat(method.name(), "(", method.client_streaming() ? "stream " : "",
                      method.input_type()->full_name(), ") returns (",
                      method.server_streaming() ? "stream " : "", method.output_type()->full_name(),
                      ")");
}

ReflectedService ServiceOf(const std::string& name, Schema* schema) {
  ReflectedService service = {name, {}};
  const auto described = schema->Service(name);
  if (!described.ok()) return service;  // broken: without methods, as that of a server
  for (int i = 0; i < (*described)->method_count(); ++i) {
    service.methods.push_back(MethodText(*(*described)->method(i)));
  }
  return service;
}

}  // namespace

Outcome ListProtosets(const Options& options, const Style& style, Output* output) {
  absl::StatusOr<std::unique_ptr<FileSource>> files = ReadProtosets(options.method.protosets);
  if (!files.ok()) return LocalIoError(files.status().message());
  Schema schema(*std::move(files));
  const absl::StatusOr<std::vector<std::string>> names = schema.Services();
  if (!names.ok()) return LocalIoError(names.status().message());
  std::vector<ReflectedService> services;
  for (const std::string& name : *names) services.push_back(ServiceOf(name, &schema));
  absl::Status status =
      output->AddLine(options.format == Format::kJson ? Json(services) : Text(services, style));
  status.Update(output->Flush());
  return status.ok() ? Outcome{} : OutputError(status);
}

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
