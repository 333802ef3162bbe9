// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "client/ask/ask.h"
#include "client/ask/call.h"
#include "client/schema/protoset_source.h"
#include "client/schema/reflection_source.h"
#include "client/schema/schema_error.h"
#include "client/schema/service_list.h"
#include "client/statistics.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

std::string Text(const std::vector<ListedService>& services, const Style& style) {
  std::vector<std::string> lines;
  for (const ListedService& service : services) {
    lines.push_back(style.Bold(uds::Printable(service.name)));
    for (const std::string& method : service.methods) {
      lines.push_back(absl::StrCat("  ", uds::Printable(method)));
    }
  }
  return absl::StrJoin(lines, "\n");
}

std::string Json(const std::vector<ListedService>& services) {
  nlohmann::ordered_json json = {{"services", nlohmann::ordered_json::array()}};
  for (const ListedService& service : services) {
    json["services"].push_back({{"name", service.name}, {"methods", service.methods}});
  }
  return JsonLine(json);
}

}  // namespace

Outcome ListProtosets(const Options& options, const Style& style, Output* output) {
  absl::StatusOr<std::unique_ptr<FileSource>> files = ReadProtosets(options.method.protosets);
  if (!files.ok()) return LocalIoError(files.status().message());
  const absl::StatusOr<std::vector<ListedService>> services = ListServices(files->get());
  if (!services.ok()) return LocalIoError(services.status().message());
  absl::Status status =
      output->AddLine(options.format == Format::kJson ? Json(*services) : Text(*services, style));
  status.Update(output->Flush());
  return status.ok() ? Outcome{} : OutputError(status);
}

Outcome AskList(const Asking& asking) {
  TellCall({"grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            asking.connection->client().authority(), asking.options->call.timeout},
           asking.options->call, asking.progress);
  ReflectionSource source(asking.connection->client().channel(), asking.options->call,
                          asking.interrupt);
  const MonotonicTime begin = MonotonicNow();
  const absl::StatusOr<std::vector<ListedService>> services = ListServices(&source);
  asking.progress->Tell("Ended: ", absl::StrCat(absl::StatusCodeToString(services.status().code()),
                                                " after ", Milliseconds(MonotonicNow() - begin)));
  if (asking.interrupt->triggered()) return Interrupted();
  if (!services.ok()) return SchemaError(asking.address, services.status());
  const bool json = asking.options->format == Format::kJson;
  return Print(asking, json ? Json(*services) : Text(*services, asking.style));
}

}  // namespace udsecho::client
