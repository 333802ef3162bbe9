// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/describe.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "client/escaped.h"
#include "client/schema/json_template.h"
#include "client/schema/method_lookup.h"
#include "client/schema/type_lookup.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// Protobuf's text, whose comments may hold anything.
template <class Descriptor>
std::string Text(const Descriptor& descriptor) {
  pb::DebugStringOptions options;
  options.include_comments = true;
  std::string text = EscapedText(descriptor.DebugStringWithOptions(options));
  absl::StripTrailingAsciiWhitespace(&text);
  return text;
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

// What `typed` is the end of: of the services, or else of the types.
absl::StatusOr<std::string> WholeName(const std::string& typed, Schema* schema) {
  const absl::StatusOr<std::vector<std::string>> services = schema->Services();
  if (!services.ok()) return services.status();
  std::vector<std::string> fitting;
  for (const std::string& name : *services) {
    if (absl::EndsWith(name, absl::StrCat(".", typed))) fitting.push_back(name);
  }
  if (fitting.empty()) {
    absl::StatusOr<std::vector<std::string>> types = TypesThatEndIn(typed, schema);
    if (!types.ok()) return types.status();
    fitting = *std::move(types);
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty()) return absl::NotFoundError("");
  constexpr size_t kNamed = 8;
  const bool more = fitting.size() > kNamed;
  if (more) fitting.resize(kNamed);
  return absl::InvalidArgumentError(absl::StrCat(uds::Printable(typed), " may be ",
                                                 uds::Printable(absl::StrJoin(fitting, " or ")),
                                                 more ? " or others" : "", ": say which"));
}

absl::StatusOr<std::string> AllServices(Schema* schema, absl::Status* broken) {
  const absl::StatusOr<std::vector<std::string>> names = schema->Services();
  if (!names.ok()) return names.status();
  std::vector<std::string> texts;
  for (const std::string& name : *names) {
    const auto service = schema->Service(name);
    if (broken != nullptr) broken->Update(service.status());
    texts.push_back(
        service.ok() ? absl::StrCat(Comment(name), Text(**service))
                     : absl::StrCat("// ", uds::Printable(name), ": ", service.status().message()));
  }
  return absl::StrJoin(texts, "\n\n");
}

bool IsMissing(const absl::Status& status) { return status.code() == absl::StatusCode::kNotFound; }

}  // namespace

absl::StatusOr<std::string> Describe(const std::string& typed, Schema* schema,
                                     absl::Status* broken) {
  const std::string name(absl::StripPrefix(absl::StripPrefix(typed, "."), "/"));
  if (name.empty()) return AllServices(schema, broken);
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
    if (whole.ok()) return Describe(*whole, schema, broken);
    if (!IsMissing(whole.status())) return whole.status();
  }
  const auto method = FindMethod(name, schema);
  if (method.ok()) return MethodText(**method);
  if (!IsMissing(method.status()) || absl::StrContains(name, '/')) return method.status();
  return absl::NotFoundError(absl::StrCat("there is no service, method or type ",
                                          uds::Printable(name), "; see --describe"));
}

}  // namespace udsecho::client
