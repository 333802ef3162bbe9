// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire/parsed_size.h"

#include <cstdint>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message.h"
#include "google/protobuf/wire_format_lite.h"

namespace rpc::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MessageFactory;
using google::protobuf::internal::WireFormatLite;

constexpr std::size_t kBlock = 16;  // what malloc(3) adds to each block at the most
constexpr std::size_t kPointer = 2 * sizeof(void*);  // in a list that doubles as it grows
constexpr std::size_t kString = sizeof(std::string) + 2 * kBlock;
// An entry of a map: its node, the links, its share of the table.
constexpr std::size_t kMapEntry = 64;
constexpr int kDeepest = 100;  // protobuf parses no deeper

std::size_t EmptySize(const Descriptor& type) {
  return MessageFactory::generated_factory()->GetPrototype(&type)->SpaceUsedLong() + kBlock;
}

// A reader of the fields that `encoded` has, one message deep.
class Measure {
 public:
  std::size_t Of(const Descriptor& type, absl::string_view encoded, int depth) {
    std::size_t size = EmptySize(type);
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(encoded.data()),
                                              static_cast<int>(encoded.size()));
    while (const std::uint32_t tag = in.ReadTag()) {
      const FieldDescriptor* const field =
          type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
      const int begin = in.CurrentPosition();
      if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
        if (!WireFormatLite::SkipField(&in, tag)) break;
        const auto length = static_cast<std::size_t>(in.CurrentPosition() - begin);
        size += field == nullptr ? kPointer + length + kBlock : kPointer;
        continue;
      }
      std::uint32_t length = 0;
      if (!in.ReadVarint32(&length)) break;
      const auto at = static_cast<std::size_t>(in.CurrentPosition());
      if (length > encoded.size() - at) break;
      size += OfValue(field, encoded.substr(at, length), depth);
      in.Skip(static_cast<int>(length));
    }
    return size;
  }

 private:
  std::size_t OfValue(const FieldDescriptor* field, absl::string_view value, int depth) {
    if (field == nullptr) return kPointer + kString + value.size();
    if (field->message_type() != nullptr) {
      if (depth == kDeepest) return value.size();
      const std::size_t around = kPointer + (field->is_map() ? kMapEntry : 0);
      return around + Of(*field->message_type(), value, depth + 1);
    }
    const bool is_text = field->type() == FieldDescriptor::TYPE_STRING ||
                         field->type() == FieldDescriptor::TYPE_BYTES;
    if (is_text) return kPointer + kString + value.size();
    return kBlock + 2 * sizeof(std::uint64_t) * value.size();  // packed numbers, of a byte each
  }
};

}  // namespace

std::size_t ParsedSize(const Descriptor& type, absl::string_view encoded) {
  return Measure().Of(type, encoded, 0);
}

}  // namespace rpc::wire
