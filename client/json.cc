// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/json.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "client/escaped.h"
#include "client/exit_code.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/json_util.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho::client {
namespace {

absl::string_view View(grpc::string_ref text) { return {text.data(), text.size()}; }

nlohmann::ordered_json DetailJson(const google::protobuf::Any& detail) {
  return {{"type", detail.type_url()}, {"value", Base64(detail.value())}};
}

void MakeNumbers(const google::protobuf::Descriptor& type, nlohmann::ordered_json* json);

void MakeNumber(const google::protobuf::FieldDescriptor& field, nlohmann::ordered_json* value) {
  using Field = google::protobuf::FieldDescriptor;
  const auto* const text = value->get_ptr<const std::string*>();
  int64_t number = 0;
  uint64_t natural = 0;
  if (field.cpp_type() == Field::CPPTYPE_MESSAGE) {
    MakeNumbers(*field.message_type(), value);
  } else if (text == nullptr) {
    return;
  } else if (field.cpp_type() == Field::CPPTYPE_UINT64 && absl::SimpleAtoi(*text, &natural)) {
    *value = natural;
  } else if (field.cpp_type() == Field::CPPTYPE_INT64 && absl::SimpleAtoi(*text, &number)) {
    *value = number;
  }
}

// Protobuf writes integers of 64 bits as strings, for JavaScript's sake. Here all numbers are
// numbers.
void MakeNumbers(const google::protobuf::Descriptor& type, nlohmann::ordered_json* json) {
  if (!json->is_object()) return;  // a Timestamp or a Duration is a string
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    const auto value = json->find(field.name());
    if (value == json->end() || field.is_map()) continue;
    if (!field.is_repeated()) {
      MakeNumber(field, &*value);
    } else if (value->is_array()) {
      for (nlohmann::ordered_json& each : *value) MakeNumber(field, &each);
    }
  }
}

}  // namespace

nlohmann::ordered_json StatusJson(const grpc::Status& status) {
  nlohmann::ordered_json json = {{"code", static_cast<int>(status.error_code())},
                                 {"name", CodeName(status.error_code())},
                                 {"message", status.error_message()}};
  for (const google::protobuf::Any& detail : DetailsOf(status)) {
    json["details"].push_back(DetailJson(detail));
  }
  return json;
}

google::protobuf::RepeatedPtrField<google::protobuf::Any> DetailsOf(const grpc::Status& status) {
  // google.rpc.Status has the fields of a Fault under the same numbers, and is in no library here.
  v1::Fault rich;
  if (!rich.ParseFromString(status.error_details())) return {};
  return rich.details();
}

nlohmann::ordered_json MetadataJson(
    const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const auto& [key, value] : metadata) {
    const bool is_binary = absl::EndsWith(View(key), "-bin");
    json[std::string(View(key))].push_back(is_binary ? Base64(View(value))
                                                     : std::string(View(value)));
  }
  return json;
}

nlohmann::ordered_json MessageJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return {};
  auto json = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  MakeNumbers(*message.GetDescriptor(), &json);
  return json;
}

std::string Base64(absl::string_view bytes) { return absl::Base64Escape(bytes); }

std::string JsonLine(const nlohmann::ordered_json& json) {
  return EscapedJson(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace udsecho::client
