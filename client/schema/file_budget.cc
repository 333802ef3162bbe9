// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/file_budget.h"

#include <algorithm>

#include "client/schema/parts.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// Of `elements`, up to the first that is too much.
template <class Elements, class Take>
bool AllOf(const Elements& elements, const Take& take) {
  return std::all_of(elements.begin(), elements.end(), take);
}

}  // namespace

bool FileBudget::TakeBytes(const std::string& encoded) {
  bytes_ += encoded.size();
  if (bytes_ > kMostBytes || ++files_ > kMostFiles) return false;
  parts_ += CountParts(encoded, *pb::FileDescriptorProto::descriptor(), kMostParts + 1);
  return parts_ <= kMostParts;
}

bool FileBudget::TakeFile(const pb::FileDescriptorProto& file) {
  const size_t scope = file.package().size();
  return TakeName(0, file.name()) && TakeName(0, file.package()) &&
         AllOf(file.message_type(), [&](const auto& type) { return TakeMessage(type, scope); }) &&
         AllOf(file.enum_type(), [&](const auto& type) { return TakeEnum(type, scope); }) &&
         AllOf(file.extension(), [&](const auto& field) { return TakeField(field, scope); }) &&
         AllOf(file.service(), [&](const auto& service) { return TakeService(service, scope); });
}

// Nesting is what the parser allowed.
bool FileBudget::TakeMessage(const pb::DescriptorProto& message, size_t outer) {
  const size_t scope = outer + 1 + message.name().size();
  const size_t fields = message.field_size() + message.reserved_name_size();
  const size_t ranges = message.extension_range_size() + message.reserved_range_size();
  return TakeName(outer, message.name()) && TakeRanges(fields, ranges) &&
         AllOf(message.field(), [&](const auto& field) { return TakeField(field, scope); }) &&
         AllOf(message.extension(), [&](const auto& field) { return TakeField(field, scope); }) &&
         AllOf(message.oneof_decl(),
               [&](const auto& oneof) { return TakeName(scope, oneof.name()); }) &&
         AllOf(message.enum_type(), [&](const auto& type) { return TakeEnum(type, scope); }) &&
         AllOf(message.nested_type(), [&](const auto& type) { return TakeMessage(type, scope); });
}

bool FileBudget::TakeEnum(const pb::EnumDescriptorProto& type, size_t scope) {
  const size_t values = type.value_size() + type.reserved_name_size();
  return TakeName(scope, type.name()) && TakeRanges(values, type.reserved_range_size()) &&
         AllOf(type.value(), [&](const auto& value) { return TakeName(scope, value.name()); });
}

bool FileBudget::TakeField(const pb::FieldDescriptorProto& field, size_t scope) {
  return TakeName(scope, field.name()) && TakeReference(field.type_name()) &&
         TakeReference(field.extendee());
}

bool FileBudget::TakeService(const pb::ServiceDescriptorProto& service, size_t outer) {
  const size_t scope = outer + 1 + service.name().size();
  return TakeName(outer, service.name()) && AllOf(service.method(), [&](const auto& method) {
           return TakeName(scope, method.name()) && TakeReference(method.input_type()) &&
                  TakeReference(method.output_type());
         });
}

bool FileBudget::TakeName(size_t scope, const std::string& name) {
  const size_t size = scope + 1 + name.size();
  name_bytes_ += size;
  return size <= kLongestName && name_bytes_ <= kMostNameBytes;
}

// Compilers write whole names. Any other is looked for in each scope, and may stand for one of any length.
bool FileBudget::TakeReference(const std::string& type) {
  if (!type.empty() && type[0] != '.') name_bytes_ += kLongestName;
  return type.size() <= kLongestName && name_bytes_ <= kMostNameBytes;
}

bool FileBudget::TakeRanges(size_t numbers, size_t ranges) {
  steps_ += (numbers + ranges) * ranges;
  return steps_ <= kMostSteps;
}

}  // namespace udsecho::client
