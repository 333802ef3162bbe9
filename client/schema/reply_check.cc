// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/schema/reply_check.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/schema/parts.h"
#include "google/protobuf/unknown_field_set.h"
#include "uds/printable.h"

namespace udsecho::client {
namespace {

namespace pb = google::protobuf;

constexpr size_t kShown = 200;  // bytes of a name

std::string Shown(const std::string& name) {
  return absl::StrCat(uds::Printable(name.substr(0, kShown)), name.size() > kShown ? "..." : "");
}

absl::Status IsNo(const pb::Descriptor& type, absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat("the server's answer is no ", Shown(type.full_name()), ": ", why));
}

}  // namespace

absl::StatusOr<std::string> ReplyCheck::Check(const std::string& bytes,
                                              const pb::Descriptor& type) {
  const auto message = Parse(bytes, type);
  if (!message.ok()) return message.status();
  if (absl::Status status = Walk(message->get(), 0); !status.ok()) return status;
  return (*message)->SerializePartialAsString();
}

absl::StatusOr<std::unique_ptr<pb::Message>> ReplyCheck::Parse(const std::string& bytes,
                                                               const pb::Descriptor& type) {
  parts_ += CountParts(bytes, type, kMostParts + 1);
  if (parts_ > kMostParts) {
    return absl::DataLossError(absl::StrCat("the server's answer is too large: more than ",
                                            kMostParts, " fields and other parts"));
  }
  const absl::StatusOr<const pb::Message*> prototype = prototypes_.Get(type);
  if (!prototype.ok()) return IsNo(type, prototype.status().message());
  std::unique_ptr<pb::Message> message((*prototype)->New());
  if (!message->ParsePartialFromString(bytes)) return IsNo(type, "it cannot be parsed");
  return message;
}

// Nesting is what the parser allowed.
absl::Status ReplyCheck::Walk(pb::Message* message, int anys) {
  if (message->GetDescriptor()->full_name() == "google.protobuf.Any") return WalkAny(message, anys);
  const pb::Reflection& reflection = *message->GetReflection();
  const pb::UnknownFieldSet& unknown = reflection.GetUnknownFields(*message);
  for (int i = 0; i < unknown.field_count() && unknown_.size() < kMostUnknown; ++i) {
    const int number = unknown.field(i).number();
    const auto* const declared = message->GetDescriptor()->FindFieldByNumber(number);
    // A value that its enum does not have, which is shown as a number.
    if (declared != nullptr && declared->type() == pb::FieldDescriptor::TYPE_ENUM) continue;
    AddUnknownField(number);
  }
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    // Protobuf's conversion to JSON knows neither.
    if (field->is_extension()) AddUnknown(absl::StrCat("extension ", Shown(field->full_name())));
    if (field->type() == pb::FieldDescriptor::TYPE_GROUP) {
      AddUnknown(absl::StrCat("group ", Shown(field->name())));
    }
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    within_.push_back(field);
    if (absl::Status status = WalkField(message, *field, anys); !status.ok()) return status;
    within_.pop_back();
  }
  return absl::OkStatus();
}

absl::Status ReplyCheck::WalkField(pb::Message* message, const pb::FieldDescriptor& field,
                                   int anys) {
  const pb::Reflection& reflection = *message->GetReflection();
  if (!field.is_repeated()) {
    return Walk(reflection.MutableMessage(message, &field, prototypes_.factory()), anys);
  }
  for (int i = 0; i < reflection.FieldSize(*message, &field); ++i) {
    absl::Status status = Walk(reflection.MutableRepeatedMessage(message, &field, i), anys);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status ReplyCheck::WalkAny(pb::Message* any, int anys) {
  const pb::Descriptor& type = *any->GetDescriptor();
  const pb::FieldDescriptor* const url = type.FindFieldByNumber(1);
  const pb::FieldDescriptor* const value = type.FindFieldByNumber(2);
  const auto is_text = [](const pb::FieldDescriptor* field) {
    return field != nullptr && !field->is_repeated() &&
           field->cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING;
  };
  if (!is_text(url) || !is_text(value)) return IsNo(type, "its description is another one");
  if (anys >= kMostAnys) return IsNo(type, "it is within too many others");
  const pb::Reflection& reflection = *any->GetReflection();
  const std::string bytes = reflection.GetString(*any, value);
  if (bytes.empty()) return absl::OkStatus();
  const std::string name = TypeName(reflection.GetString(*any, url));
  const pb::Descriptor* const inner = types_.Find(name);
  std::string shown;
  if (inner == nullptr) {
    pb::UnknownFieldSet wrapped;
    wrapped.AddLengthDelimited(kUnknownValue, bytes);
    wrapped.SerializeToString(&shown);
  } else {
    const auto message = Parse(bytes, *inner);
    if (!message.ok()) return message.status();
    if (absl::Status status = Walk(message->get(), anys + 1); !status.ok()) return status;
    shown = (*message)->SerializePartialAsString();
  }
  reflection.SetString(any, value, std::move(shown));
  return absl::OkStatus();
}

void ReplyCheck::AddUnknownField(int number) {
  std::string path;
  for (const pb::FieldDescriptor* field : within_) {
    if (path.size() <= kShown) absl::StrAppend(&path, field->name().substr(0, kShown), ".");
  }
  AddUnknown(absl::StrCat("field ", uds::Printable(path), "#", number));
}

void ReplyCheck::AddUnknown(std::string what) {
  const bool is_full = unknown_.size() >= kMostUnknown;
  if (!is_full && std::count(unknown_.begin(), unknown_.end(), what) == 0) {
    unknown_.push_back(std::move(what));
  }
}

}  // namespace udsecho::client
