// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/method_lookup.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "cli/suggestion.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

using Method = google::protobuf::MethodDescriptor;

constexpr size_t kNamed = 8;  // of those that fit, in an error

// "demo.Greeter/Hello" in two; nothing for "Hello".
std::pair<std::string, std::string> Split(absl::string_view name) {
  size_t at = name.rfind('/');
  if (at == absl::string_view::npos) at = name.rfind('.');
  if (at == absl::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, at)), std::string(name.substr(at + 1))};
}

bool IsSeparator(char letter) { return letter == '.' || letter == '/'; }

bool IsEndOf(absl::string_view end, absl::string_view name) {
  if (!absl::EndsWith(name, end)) return false;
  if (name.size() == end.size()) return true;
  const char before = name[name.size() - end.size() - 1];
  return IsSeparator(before);
}

// "Greeter/Hello" for as many words as `like` has; the whole name, if it has no more.
std::string Tail(const Method& method, const std::string& like) {
  std::string name = MethodName(method);
  const auto words = std::count_if(like.begin(), like.end(), IsSeparator);
  size_t at = name.size();
  for (auto left = words + 1; left > 0 && at != 0; --left) {
    at = name.find_last_of("./", at - 1);
    if (at == std::string::npos) return name;
  }
  return name.substr(at + 1);
}

// Methods whose names are nearly that: their ends count, as far as it goes.
std::vector<const Method*> Near(const std::string& name,
                                const std::vector<const Method*>& methods) {
  std::vector<std::string> tails;
  tails.reserve(methods.size());
  for (const Method* method : methods) tails.push_back(Tail(*method, name));
  std::string typed = name;
  if (!absl::StrContains(typed, '/')) {
    const size_t dot = typed.rfind('.');
    if (dot != std::string::npos) typed[dot] = '/';
  }
  std::vector<const Method*> near;
  for (const size_t place : cli::Nearest(typed, tails)) near.push_back(methods[place]);
  return near;
}

absl::Status Unknown(const std::string& name, const std::vector<const Method*>& methods) {
  const auto is_of_it = [&](const Method* method) {
    return IsEndOf(name, method->service()->full_name());
  };
  const auto of_it = std::find_if(methods.begin(), methods.end(), is_of_it);
  if (of_it != methods.end()) {
    return absl::NotFoundError(absl::StrCat(uds::Printable(name),
                                            " is a service: say a method of it, ", "such as ",
                                            MethodName(**of_it)));
  }
  std::vector<const Method*> near = Near(name, methods);
  if (near.empty()) near = Near(Split(name).second, methods);
  std::vector<std::string> names;
  names.reserve(near.size());
  for (const Method* method : near) names.push_back(MethodName(*method));
  const std::string suggestion = cli::DidYouMean(names);
  return absl::NotFoundError(absl::StrCat("there is no method ", uds::Printable(name),
                                          suggestion.empty() ? "; see --list" : suggestion));
}

absl::StatusOr<const Method*> FindByEnd(const std::string& name, Schema* schema) {
  const absl::StatusOr<std::vector<const Method*>> methods = AllMethods(schema);
  if (!methods.ok()) return methods.status();
  std::vector<const Method*> fitting;
  std::copy_if(methods->begin(), methods->end(), std::back_inserter(fitting),
               [&](const Method* method) {
                 return IsEndOf(name, MethodName(*method)) || IsEndOf(name, method->full_name());
               });
  // Nearly every server has gRPC's own beside those that are asked for, such as Health with its Watch.
  const auto is_own = [](const Method* method) {
    return absl::StartsWith(method->full_name(), "grpc.");
  };
  if (std::count_if(fitting.begin(), fitting.end(), std::not_fn(is_own)) == 1) {
    return *std::find_if_not(fitting.begin(), fitting.end(), is_own);
  }
  if (fitting.size() == 1) return fitting.front();
  if (fitting.empty()) return Unknown(name, *methods);
  std::vector<std::string> names;
  names.reserve(fitting.size());
  for (const Method* method : fitting) names.push_back(MethodName(*method));
  const bool more = names.size() > kNamed;
  if (more) names.resize(kNamed);
  return absl::InvalidArgumentError(absl::StrCat(uds::Printable(name), " may be ",
                                                 absl::StrJoin(names, " or "),
                                                 more ? " or others" : "", ": say which"));
}

}  // namespace

absl::StatusOr<std::vector<const Method*>> AllMethods(Schema* schema) {
  absl::StatusOr<std::vector<std::string>> services = schema->Services();
  if (!services.ok()) return services.status();
  std::vector<const Method*> methods;
  for (const std::string& name : *services) {
    const auto service = schema->Service(name);
    if (!service.ok()) {
      const bool broken = service.status().code() == absl::StatusCode::kFailedPrecondition ||
                          service.status().code() == absl::StatusCode::kNotFound;
      if (broken) continue;
      return service.status();
    }
    for (int i = 0; i < (*service)->method_count(); ++i) methods.push_back((*service)->method(i));
  }
  return methods;
}

absl::StatusOr<const Method*> FindMethod(const std::string& typed, Schema* schema) {
  const std::string name(absl::StripPrefix(typed, "/"));
  const auto [service_name, method_name] = Split(name);
  if (!service_name.empty()) {
    const auto service = schema->Service(service_name);
    const bool is_there = service.ok();
    if (is_there) {
      const Method* const method = (*service)->FindMethodByName(method_name);
      if (method != nullptr) return method;
    } else if (service.status().code() != absl::StatusCode::kNotFound) {
      return service.status();
    }
  }
  return FindByEnd(name, schema);
}

std::string MethodName(const Method& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

std::string MethodPath(const Method& method) { return absl::StrCat("/", MethodName(method)); }

}  // namespace udsecho::client
