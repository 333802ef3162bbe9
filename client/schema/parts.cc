// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/parts.h"

#include <algorithm>
#include <cstdint>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;
using Wire = pb::internal::WireFormatLite;

constexpr int kDeepest = 100;  // protobuf's parser goes no deeper

// Whatever is in it: a message has room for each field that its type declares.
size_t PartsOf(const pb::Descriptor& type) {
  size_t bytes = 0;
  for (int i = 0; i < type.field_count(); ++i) {
    const pb::FieldDescriptor& field = *type.field(i);
    bytes += field.is_map() ? 160 : field.is_repeated() ? 24 : 8;
  }
  return 1 + bytes / 128;
}

class Counter {
 public:
  Counter(const std::string& bytes, size_t most)
      : input_(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        most_(most) {}

  // Up to the end of the message or of the group. `type` is null where it is not known. False: stop.
  bool Message(const pb::Descriptor* type, int depth);
  size_t count() const { return std::min(count_, most_); }

 private:
  bool Field(uint32_t tag, const pb::FieldDescriptor* field, int depth);
  bool Packed(const pb::FieldDescriptor& field);
  bool Nested(const pb::Descriptor* type, int depth);

  pb::io::CodedInputStream input_;
  const size_t most_;
  size_t count_ = 0;
};

bool Counter::Message(const pb::Descriptor* type, int depth) {
  if (depth > kDeepest) return false;
  while (const uint32_t tag = input_.ReadTag()) {
    if (Wire::GetTagWireType(tag) == Wire::WIRETYPE_END_GROUP) return true;
    const int number = Wire::GetTagFieldNumber(tag);
    const pb::FieldDescriptor* const field =
        type == nullptr ? nullptr : type->FindFieldByNumber(number);
    if (!Field(tag, field, depth) || count_ >= most_) return false;
  }
  return input_.ConsumedEntireMessage();
}

bool Counter::Field(uint32_t tag, const pb::FieldDescriptor* field, int depth) {
  const pb::Descriptor* const message = field == nullptr ? nullptr : field->message_type();
  const auto wire = Wire::GetTagWireType(tag);
  if (wire == Wire::WIRETYPE_START_GROUP) {
    count_ += message == nullptr ? 1 : PartsOf(*message);
    return Message(message, depth + 1);
  }
  if (wire == Wire::WIRETYPE_LENGTH_DELIMITED) {
    if (message != nullptr) return Nested(message, depth + 1);
    if (field != nullptr && field->is_packable()) return Packed(*field);
  }
  if (field == nullptr || field->is_repeated()) ++count_;
  return Wire::SkipField(&input_, tag);
}

bool Counter::Nested(const pb::Descriptor* type, int depth) {
  count_ += PartsOf(*type);
  uint32_t size = 0;
  if (!input_.ReadVarint32(&size) || size > INT32_MAX) return false;
  const auto limit = input_.PushLimit(static_cast<int>(size));
  if (!Message(type, depth)) return false;
  input_.PopLimit(limit);
  return true;
}

bool Counter::Packed(const pb::FieldDescriptor& field) {
  uint32_t size = 0;
  if (!input_.ReadVarint32(&size) || size > INT32_MAX) return false;
  switch (Wire::WireTypeForFieldType(static_cast<Wire::FieldType>(field.type()))) {
    case Wire::WIRETYPE_FIXED32:
      count_ += size / 4;
      break;
    case Wire::WIRETYPE_FIXED64:
      count_ += size / 8;
      break;
    default:
      count_ += size;  // at the most
  }
  return input_.Skip(static_cast<int>(size));
}

}  // namespace

size_t CountParts(const std::string& bytes, const pb::Descriptor& type, size_t most) {
  Counter counter(bytes, most);
  counter.Message(&type, 0);
  return counter.count();
}

}  // namespace udsecho::client
