// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/parsed_size.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/wire_format_lite.h"

namespace rpc::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageFactory;
using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::size_t kBlock = 16;  // what malloc(3) adds to each block at the most
constexpr std::size_t kPointer = 2 * sizeof(void*);  // in a list that doubles as it grows
constexpr std::size_t kString = sizeof(std::string) + kBlock;
// An entry of a map of numbers to numbers: they, the links, its share of the table.
constexpr std::size_t kMapEntry = 4 * sizeof(std::int64_t) + kPointer + kBlock;
constexpr std::size_t kUnknownField = 2 * sizeof(UnknownField);  // in a list likewise
constexpr std::size_t kUnknownFields = sizeof(UnknownFieldSet) + sizeof(void*) + 2 * kBlock;
constexpr int kDeepest = 100;  // protobuf parses no deeper

// Of a text beside its std::string: a short one is within that, and others have room for twice as
// much as a short one at least.
std::size_t TextSize(std::size_t length) {
  constexpr std::size_t kShort = 15;
  return length <= kShort ? 0 : std::max(length, 2 * kShort) + kBlock + sizeof(void*);
}

std::size_t EmptySize(const Descriptor& type);

bool IsText(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

// A map makes both of an entry's fields, whether they came or not.
std::size_t EntrySize(const Descriptor& entry) {
  std::size_t size = kMapEntry;
  for (const FieldDescriptor* const field : {entry.map_key(), entry.map_value()}) {
    if (IsText(*field)) size += sizeof(std::string);
    if (field->message_type() != nullptr) size += EmptySize(*field->message_type());
  }
  return size;
}

std::size_t EmptySize(const Descriptor& type) {
  // To ask the message takes a microsecond, and there can be millions in one.
  thread_local absl::flat_hash_map<const Descriptor*, std::size_t> known;
  if (const auto found = known.find(&type); found != known.end()) return found->second;
  const std::size_t size =
      type.map_key() != nullptr
          ? EntrySize(type)
          : MessageFactory::generated_factory()->GetPrototype(&type)->SpaceUsedLong() + kBlock;
  known.emplace(&type, size);
  return size;
}

// Whether a field that comes with this wire type is the one that the message has.
bool IsOf(const FieldDescriptor& field, WireFormatLite::WireType type) {
  const auto own =
      WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field.type()));
  return type == own || (type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED && field.is_packable());
}

// Numbers one behind the other, in a list that doubles as it grows.
std::size_t PackedSize(const FieldDescriptor& field, absl::string_view numbers) {
  using Field = FieldDescriptor;
  const auto wire_type =
      WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(field.type()));
  if (wire_type != WireFormatLite::WIRETYPE_VARINT) return kBlock + 2 * numbers.size();
  const auto count = static_cast<std::size_t>(
      std::count_if(numbers.begin(), numbers.end(), [](char byte) { return (byte & 0x80) == 0; }));
  const bool is_wide =
      field.cpp_type() == Field::CPPTYPE_INT64 || field.cpp_type() == Field::CPPTYPE_UINT64;
  const std::size_t each = field.cpp_type() == Field::CPPTYPE_BOOL ? 1 : is_wide ? 8 : 4;
  return 2 * kBlock + 2 * each * count;
}

class Measure {
 public:
  explicit Measure(absl::string_view encoded)
      : encoded_(encoded),
        in_(reinterpret_cast<const std::uint8_t*>(encoded.data()),
            static_cast<int>(encoded.size())) {}

  // The fields that come next, of a message that is counted: to its end, to that of its group, or
  // to where it is malformed. `type` is null for a group of a field that is not known.
  void Fields(const Descriptor* type, int depth) {
    bool has_unknown = false;
    while (const std::uint32_t tag = in_.ReadTag()) {
      const auto wire_type = WireFormatLite::GetTagWireType(tag);
      if (wire_type == WireFormatLite::WIRETYPE_END_GROUP) return;
      const FieldDescriptor* field =
          type == nullptr ? nullptr
                          : type->FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      if (field != nullptr && !IsOf(*field, wire_type)) field = nullptr;
      if (field == nullptr && !std::exchange(has_unknown, true)) size_ += kUnknownFields;
      Value(field, tag, depth);
      if (malformed_) return;
    }
  }

  std::size_t size() const { return size_; }
  bool has_too_many_parts() const { return parts_ > kMostParts; }
  void Add(std::size_t bytes) { size_ += bytes; }

 private:
  void Value(const FieldDescriptor* field, std::uint32_t tag, int depth) {
    constexpr std::size_t kDear = 4;  // times as much work as a number that is known
    const bool is_dear = field == nullptr || IsText(*field) || field->message_type() != nullptr;
    parts_ += is_dear ? kDear : 1;
    if (has_too_many_parts()) return Fail();
    if (field == nullptr) {
      size_ += kUnknownField;
    } else if (field->is_repeated()) {
      size_ += kPointer;
    }
    const Descriptor* const type = field == nullptr ? nullptr : field->message_type();
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_START_GROUP:
        size_ += type == nullptr ? kUnknownFields : EmptySize(*type);
        if (depth == kDeepest) return Fail();
        return Fields(type, depth + 1);
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
        return Delimited(field, type, depth);
      default:
        if (!WireFormatLite::SkipField(&in_, tag)) Fail();
    }
  }

  void Delimited(const FieldDescriptor* field, const Descriptor* type, int depth) {
    if (type != nullptr) {
      size_ += EmptySize(*type);
    } else if (field == nullptr || IsText(*field)) {
      size_ += kString;
    }
    std::uint32_t length = 0;
    if (!in_.ReadVarint32(&length)) return Fail();
    const auto at = static_cast<std::size_t>(in_.CurrentPosition());
    const auto left = static_cast<std::size_t>(in_.BytesUntilLimit() < 0 ? encoded_.size() - at
                                                                         : in_.BytesUntilLimit());
    const absl::string_view value = encoded_.substr(at, std::min<std::size_t>(length, left));
    if (type != nullptr) {
      if (length > left || depth == kDeepest) return Fail();
      const auto outer = in_.PushLimit(static_cast<int>(length));
      Fields(type, depth + 1);
      in_.PopLimit(outer);
      if (static_cast<std::size_t>(in_.CurrentPosition()) != at + length) Fail();
      return;
    }
    size_ +=
        field == nullptr || IsText(*field) ? TextSize(value.size()) : PackedSize(*field, value);
    if (length > left || !in_.Skip(static_cast<int>(length))) Fail();
  }

  void Fail() { malformed_ = true; }

  const absl::string_view encoded_;
  CodedInputStream in_;
  std::size_t size_ = 0;
  std::size_t parts_ = 0;
  bool malformed_ = false;
};

}  // namespace

std::size_t DearestByte(const Descriptor& type) {
  thread_local std::unordered_map<const Descriptor*, std::size_t> known;
  std::size_t& bytes = known[&type];
  if (bytes > 0) return bytes;
  // An empty one in two bytes, of whichever type: other fields are below that of a map.
  std::set<const Descriptor*> seen = {&type};
  std::vector<const Descriptor*> left = {&type};
  std::size_t dearest = kPointer + kMapEntry + 2 * sizeof(std::string);
  while (!left.empty()) {
    const Descriptor* const one = left.back();
    left.pop_back();
    for (int i = 0; i < one->field_count(); ++i) {
      const Descriptor* const inner = one->field(i)->message_type();
      if (inner == nullptr) continue;
      dearest = std::max(dearest, kPointer + EmptySize(*inner));  // the type itself, too
      if (seen.insert(inner).second) left.push_back(inner);
    }
  }
  bytes = dearest / 2;
  return bytes;
}

std::optional<std::size_t> ParsedSize(const Descriptor& type, absl::string_view encoded) {
  Measure measure(encoded);
  measure.Add(EmptySize(type));
  measure.Fields(&type, 0);
  if (measure.has_too_many_parts()) return std::nullopt;
  return measure.size();
}

}  // namespace rpc::wire
