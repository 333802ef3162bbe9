// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/json_template.h"

#include <map>
#include <vector>

#include "nlohmann/json.hpp"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;
using Json = nlohmann::ordered_json;

constexpr int kMostFields = 500;
constexpr size_t kDeepest = 8;

// Types that protobuf writes as something other than an object of their fields:
// https://protobuf.dev/programming-guides/json
const std::map<std::string, Json>& SpecialTypes() {
  static const auto* const kTypes = new std::map<std::string, Json>{
      // A type that is always there, so that the template is a request as it stands.
      {"google.protobuf.Any", {{"@type", "type.googleapis.com/google.protobuf.Empty"}}},
      {"google.protobuf.BoolValue", false},
      {"google.protobuf.BytesValue", ""},
      {"google.protobuf.DoubleValue", 0},
      {"google.protobuf.Duration", "0s"},
      {"google.protobuf.FieldMask", ""},
      {"google.protobuf.FloatValue", 0},
      {"google.protobuf.Int32Value", 0},
      {"google.protobuf.Int64Value", "0"},
      {"google.protobuf.ListValue", Json::array()},
      {"google.protobuf.StringValue", ""},
      {"google.protobuf.Struct", Json::object()},
      {"google.protobuf.Timestamp", "1970-01-01T00:00:00Z"},
      {"google.protobuf.UInt32Value", 0},
      {"google.protobuf.UInt64Value", "0"},
      {"google.protobuf.Value", nullptr},
  };
  return *kTypes;
}

// Not a group, which JSON cannot hold, and nothing whose type the server does not tell of.
bool CanBeFilled(const pb::FieldDescriptor& field) {
  if (field.type() == pb::FieldDescriptor::TYPE_GROUP) return false;
  if (field.enum_type() != nullptr) return !field.enum_type()->is_placeholder();
  return field.message_type() == nullptr || !field.message_type()->is_placeholder();
}

class Template {
 public:
  Json Message(const pb::Descriptor& message);

 private:
  Json Field(const pb::FieldDescriptor& field);
  Json Value(const pb::FieldDescriptor& field);
  bool IsWithinItself(const pb::Descriptor& message) const;

  std::vector<const pb::Descriptor*> within_;
  int fields_ = 0;
};

bool Template::IsWithinItself(const pb::Descriptor& message) const {
  for (const pb::Descriptor* outer : within_) {
    if (outer == &message) return true;
  }
  return false;
}

Json Template::Message(const pb::Descriptor& message) {
  const auto special = SpecialTypes().find(message.full_name());
  if (special != SpecialTypes().end()) return special->second;
  Json json = Json::object();
  if (IsWithinItself(message) || within_.size() >= kDeepest) return json;
  within_.push_back(&message);
  for (int i = 0; i < message.field_count() && fields_ < kMostFields; ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    const pb::OneofDescriptor* const oneof = field.real_containing_oneof();
    if (oneof != nullptr && oneof->field(0) != &field) continue;
    if (!CanBeFilled(field)) continue;
    ++fields_;
    json[field.json_name()] = Field(field);
  }
  within_.pop_back();
  return json;
}

Json Template::Field(const pb::FieldDescriptor& field) {
  if (field.is_map()) {
    const pb::FieldDescriptor& key = *field.message_type()->map_key();
    const bool is_text = key.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
    const bool is_bool = key.cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL;
    const char* const name = is_text ? "key" : is_bool ? "false" : "0";
    return {{name, Value(*field.message_type()->map_value())}};
  }
  if (field.is_repeated()) return Json::array({Value(field)});
  return Value(field);
}

Json Template::Value(const pb::FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      return Message(*field.message_type());
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      if (field.enum_type()->is_placeholder()) return 0;  // in a map
      return field.enum_type()->full_name() == "google.protobuf.NullValue"
                 ? Json(nullptr)
                 : Json(field.default_value_enum()->name());
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return "";  // of bytes too: base64
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return false;
    case pb::FieldDescriptor::CPPTYPE_INT64:
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return "0";  // JSON's numbers have 53 bits
    default:
      return 0;
  }
}

}  // namespace

std::string JsonTemplate(const pb::Descriptor& message) {
  // ASCII alone, so that no name moves a cursor.
  return Template().Message(message).dump(2, ' ', true, Json::error_handler_t::replace);
}

}  // namespace udsecho::client
