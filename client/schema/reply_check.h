// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Makes a reply fit to become JSON: protobuf's conversion takes bytes as they come (truncated, or with a
// field twice), leaves out what no type declares, and follows a google.protobuf.Any within another to any
// depth. What is in an Any of a type that nobody knows is wrapped in a message of one field
// (kUnknownValue), so that it can be shown.
//
//   ReplyCheck check(&types, &prototypes);
//   absl::StatusOr<std::string> bytes = check.Check(reply, *method->output_type());
//   Warn(check.TakeUnknown());
//
// Thread safety: none. Ownership: borrows all it is given.

#ifndef CLIENT_SCHEMA_REPLY_CHECK_H_
#define CLIENT_SCHEMA_REPLY_CHECK_H_

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "client/schema/message_types.h"
#include "client/schema/prototypes.h"
#include "google/protobuf/descriptor.h"

namespace udsecho::client {

class ReplyCheck {
 public:
  // Of a reply, with what is in its Anys (parts.h).
  static constexpr size_t kMostParts = 1'000'000;
  static constexpr int kMostAnys = 32;  // one within another

  static constexpr size_t kMostUnknown = 10;

  // The number of the field, the highest that there may be.
  static constexpr int kUnknownValue = google::protobuf::FieldDescriptor::kMaxNumber;

  ReplyCheck(MessageTypes* types, Prototypes* prototypes)
      : types_(*types), prototypes_(*prototypes) {}

  // The message in a form that has each field once. DATA_LOSS: why it is none, or why it is too much.
  absl::StatusOr<std::string> Check(const std::string& bytes,
                                    const google::protobuf::Descriptor& type);

  // What the JSON will not show: "field user.#7" (with the number of the last one), extensions and
  // groups. At most kMostUnknown, each once, printable.
  std::vector<std::string> TakeUnknown() { return std::move(unknown_); }

 private:
  absl::Status Walk(google::protobuf::Message* message, int anys);
  absl::Status WalkField(google::protobuf::Message* message,
                         const google::protobuf::FieldDescriptor& field, int anys);
  absl::Status WalkAny(google::protobuf::Message* any, int anys);
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Parse(
      const std::string& bytes, const google::protobuf::Descriptor& type);
  void AddUnknownField(int number);
  void AddUnknown(std::string what);

  MessageTypes& types_;
  Prototypes& prototypes_;
  size_t parts_ = 0;
  std::vector<const google::protobuf::FieldDescriptor*> within_;
  std::vector<std::string> unknown_;
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_REPLY_CHECK_H_
