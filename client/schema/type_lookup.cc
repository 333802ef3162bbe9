// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/type_lookup.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/schema/method_lookup.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// Types that are reached from one another, each once.
class Reached {
 public:
  void Add(const pb::Descriptor& type) {
    if (names_.insert(type.full_name()).second) waiting_.push_back(&type);
  }
  std::set<std::string> All() {
    while (!waiting_.empty()) {
      const pb::Descriptor& type = *waiting_.back();
      waiting_.pop_back();
      for (int i = 0; i < type.field_count(); ++i) {
        const pb::FieldDescriptor& field = *type.field(i);
        if (field.message_type() != nullptr) Add(*field.message_type());
        if (field.enum_type() != nullptr) names_.insert(field.enum_type()->full_name());
      }
    }
    return names_;
  }

 private:
  std::set<std::string> names_;
  std::vector<const pb::Descriptor*> waiting_;
};

}  // namespace

absl::StatusOr<std::vector<std::string>> TypesThatEndIn(absl::string_view end, Schema* schema) {
  const auto methods = AllMethods(schema);
  if (!methods.ok()) return methods.status();
  Reached reached;
  for (const pb::MethodDescriptor* method : *methods) {
    reached.Add(*method->input_type());
    reached.Add(*method->output_type());
  }
  const std::string tail = absl::StrCat(".", end);
  std::vector<std::string> fitting;
  for (const std::string& name : reached.All()) {
    if (absl::EndsWith(name, tail)) fitting.push_back(name);
  }
  return fitting;
}

}  // namespace udsecho::client
