// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/editions.h"

#include "google/protobuf/unknown_field_set.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

// Numbers of descriptor.proto since protobuf 27: "features" of the options, and in a FeatureSet.
constexpr int kOfFile = 50;
constexpr int kOfMessage = 12;
constexpr int kOfField = 21;
constexpr int kFieldPresence = 1;
constexpr int kRequired = 3;
constexpr int kRepeatedEncoding = 3;
constexpr int kExpanded = 2;

struct Features {
  bool required = false;
  bool packed = true;
};

// What `options` say in their field `number`, and otherwise what holds around them.
Features Within(Features features, const pb::UnknownFieldSet& options, int number) {
  for (int i = 0; i < options.field_count(); ++i) {
    const pb::UnknownField& field = options.field(i);
    pb::UnknownFieldSet set;
    if (field.number() != number || field.type() != pb::UnknownField::TYPE_LENGTH_DELIMITED ||
        !set.ParseFromString(field.length_delimited())) {
      continue;
    }
    for (int k = 0; k < set.field_count(); ++k) {
      const pb::UnknownField& feature = set.field(k);
      if (feature.type() != pb::UnknownField::TYPE_VARINT) continue;
      if (feature.number() == kFieldPresence) features.required = feature.varint() == kRequired;
      if (feature.number() == kRepeatedEncoding) features.packed = feature.varint() != kExpanded;
    }
  }
  return features;
}

bool IsPackable(pb::FieldDescriptorProto::Type type) {
  return type != pb::FieldDescriptorProto::TYPE_STRING &&
         type != pb::FieldDescriptorProto::TYPE_BYTES &&
         type != pb::FieldDescriptorProto::TYPE_MESSAGE &&
         type != pb::FieldDescriptorProto::TYPE_GROUP;
}

void SetField(Features around, pb::FieldDescriptorProto* field) {
  const Features features = Within(around, field->options().unknown_fields(), kOfField);
  const bool is_repeated = field->label() == pb::FieldDescriptorProto::LABEL_REPEATED;
  if (is_repeated && IsPackable(field->type())) {
    field->mutable_options()->set_packed(features.packed);
  }
  if (!is_repeated && features.required && !field->has_oneof_index() && !field->has_extendee()) {
    field->set_label(pb::FieldDescriptorProto::LABEL_REQUIRED);
  }
}

// Nesting is what the parser allowed.
void SetMessage(Features around, pb::DescriptorProto* message) {
  if (message->options().map_entry()) return;  // whose fields are as they always were
  const Features features = Within(around, message->options().unknown_fields(), kOfMessage);
  for (pb::FieldDescriptorProto& field : *message->mutable_field()) SetField(features, &field);
  for (pb::FieldDescriptorProto& field : *message->mutable_extension()) SetField(features, &field);
  for (pb::DescriptorProto& nested : *message->mutable_nested_type()) {
    SetMessage(features, &nested);
  }
}

}  // namespace

void AsProto2(pb::FileDescriptorProto* file) {
  if (file->syntax() != "editions") return;
  file->set_syntax("proto2");
  const Features features = Within({}, file->options().unknown_fields(), kOfFile);
  for (pb::DescriptorProto& message : *file->mutable_message_type()) SetMessage(features, &message);
  for (pb::FieldDescriptorProto& field : *file->mutable_extension()) SetField(features, &field);
}

}  // namespace udsecho::client
