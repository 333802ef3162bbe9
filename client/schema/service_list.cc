// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/service_list.h"

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/schema/file_budget.h"
#include "client/schema/schema.h"
#include "google/protobuf/descriptor.pb.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

std::string MethodText(const pb::MethodDescriptorProto& method) {
  const auto type = [](bool streams, const std::string& name) {
    return absl::StrCat(streams ? "stream " : "",
                        name.substr(name.empty() || name[0] != '.' ? 0 : 1));
  };
  return absl::StrCat(method.name(), "(", type(method.client_streaming(), method.input_type()),
                      ") returns (", type(method.server_streaming(), method.output_type()), ")");
}

class Methods {
 public:
  // False: too much.
  bool Take(const FileSource::Files& files) {
    for (const std::string& bytes : files) {
      if (!seen_.insert(std::hash<std::string>()(bytes)).second) continue;
      pb::FileDescriptorProto file;
      if (!budget_.TakeBytes(bytes)) return false;
      if (file.ParseFromString(bytes)) Take(file);
    }
    return true;
  }
  const std::vector<std::string>& Of(const std::string& service) { return methods_[service]; }
  bool Has(const std::string& service) const { return methods_.contains(service); }

 private:
  void Take(const pb::FileDescriptorProto& file) {
    const std::string prefix = file.package().empty() ? "" : absl::StrCat(file.package(), ".");
    for (const pb::ServiceDescriptorProto& service : file.service()) {
      std::vector<std::string> texts;
      for (const pb::MethodDescriptorProto& method : service.method()) {
        texts.push_back(MethodText(method));
      }
      methods_.emplace(absl::StrCat(prefix, service.name()), std::move(texts));
    }
  }

  FileBudget budget_;
  std::set<size_t> seen_;  // hashes of files
  std::map<std::string, std::vector<std::string>> methods_;
};

}  // namespace

absl::StatusOr<std::vector<ListedService>> ListServices(FileSource* source) {
  const absl::StatusOr<std::vector<std::string>> names = source->Services();
  if (!names.ok()) return names.status();
  absl::Status too_much =
      absl::ResourceExhaustedError("the server's list of services is too large");
  if (names->size() > Schema::kMostServices) return too_much;
  Methods methods;
  std::vector<ListedService> services;
  for (const std::string& name : *names) {
    if (!methods.Has(name)) {
      const absl::StatusOr<FileSource::Files> files = source->FilesOf(name);
      const bool missing = files.status().code() == absl::StatusCode::kNotFound;
      if (!files.ok() && !missing) return files.status();
      if (files.ok() && !methods.Take(*files)) return too_much;
    }
    services.push_back({name, methods.Of(name)});
  }
  return services;
}

}  // namespace udsecho::client
