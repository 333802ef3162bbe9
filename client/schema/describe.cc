// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/describe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/schema/json_template.h"
#include "client/schema/method_lookup.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// Protobuf's text, whose comments may hold anything.
template <class Descriptor>
std::string Text(const Descriptor& descriptor) {
  pb::DebugStringOptions options;
  options.include_comments = true;
  std::vector<std::string> lines;
  for (const absl::string_view line :
       absl::StrSplit(descriptor.DebugStringWithOptions(options), '\n')) {
    lines.push_back(uds::Printable(line));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return absl::StrJoin(lines, "\n");
}

std::string Comment(absl::string_view text) { return absl::StrCat("// ", text, "\n"); }

std::string MessageText(const pb::Descriptor& message) {
  return absl::StrCat(Comment(message.full_name()), Text(message), "\n\n", Comment("As JSON:"),
                      JsonTemplate(message));
}

std::string MethodText(const pb::MethodDescriptor& method) {
  return absl::StrCat(Comment(MethodName(method)), Text(method), "\n\n",
                      MessageText(*method.input_type()));
}

// What `typed` is the end of, of the services.
absl::StatusOr<std::string> WholeName(const std::string& typed, Schema* schema) {
  const absl::StatusOr<std::vector<std::string>> services = schema->Services();
  if (!services.ok()) return services.status();
  std::vector<std::string> fitting;
  for (const std::string& name : *services) {
    if (absl::EndsWith(name, absl::StrCat(".", typed))) fitting.push_back(name);
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty()) return absl::NotFoundError("");
  return absl::InvalidArgumentError(absl::StrCat(uds::Printable(typed), " may be ",
                                                 uds::Printable(absl::StrJoin(fitting, " or ")),
                                                 ": say which"));
}

absl::StatusOr<std::string> AllServices(Schema* schema) {
  const absl::StatusOr<std::vector<std::string>> names = schema->Services();
  if (!names.ok()) return names.status();
  std::vector<std::string> texts;
  for (const std::string& name : *names) {
    const auto service = schema->Service(name);
    texts.push_back(
        service.ok() ? absl::StrCat(Comment(name), Text(**service))
                     : absl::StrCat("// ", uds::Printable(name), ": ", service.status().message()));
  }
  return absl::StrJoin(texts, "\n\n");
}

bool IsMissing(const absl::Status& status) { return status.code() == absl::StatusCode::kNotFound; }

}  // namespace

absl::StatusOr<std::string> Describe(const std::string& typed, Schema* schema) {
  const std::string name(absl::StripPrefix(absl::StripPrefix(typed, "."), "/"));
  if (name.empty()) return AllServices(schema);
  if (!absl::StrContains(name, '/')) {
    // Whatever it is, asking for one of them has loaded it for all.
    const auto service = schema->Service(name);
    if (service.ok()) return absl::StrCat(Comment(name), Text(**service));
    if (!IsMissing(service.status())) return service.status();
    if (const auto message = schema->Message(name); message.ok()) return MessageText(**message);
    if (const auto type = schema->Enum(name); type.ok()) {
      return absl::StrCat(Comment(name), Text(**type));
    }
    const absl::StatusOr<std::string> whole = WholeName(name, schema);
    if (whole.ok()) return Describe(*whole, schema);
    if (!IsMissing(whole.status())) return whole.status();
  }
  const auto method = FindMethod(name, schema);
  if (method.ok()) return MethodText(**method);
  if (!IsMissing(method.status()) || absl::StrContains(name, '/')) return method.status();
  return absl::NotFoundError(absl::StrCat("there is no service, method or type ",
                                          uds::Printable(name),
                                          "; types go by their full names: see --describe"));
}

}  // namespace udsecho::client
