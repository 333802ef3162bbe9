// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Messages of types that are known at run time alone, as JSON and as they travel. Protobuf does both.
//
//   JsonCodec codec(&schema);
//   absl::StatusOr<std::string> bytes = codec.Encode(*method->input_type(), R"({"name": "x"})");
//   absl::StatusOr<JsonCodec::Decoded> reply = codec.Decode(*method->output_type(), *bytes);
//
// Types within google.protobuf.Any are asked of the schema.
//
// Thread safety: none. Ownership: borrows the schema.

#ifndef CLIENT_SCHEMA_JSON_CODEC_H_
#define CLIENT_SCHEMA_JSON_CODEC_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/schema/message_types.h"
#include "client/schema/prototypes.h"
#include "client/schema/schema.h"
#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/type_resolver.h"

namespace udsecho::client {

class JsonCodec {
 public:
  explicit JsonCodec(Schema* schema);
  ~JsonCodec();

  // Whether Decode() shows fields too that have no value, with that of their type.
  void set_emits_defaults(bool emits) { emits_defaults_ = emits; }

  // INVALID_ARGUMENT: what of the JSON is no such message, which may quote it as it is.
  absl::StatusOr<std::string> Encode(const google::protobuf::Descriptor& type,
                                     absl::string_view json);

  struct Decoded {
    // On one line; what moves a cursor is escaped.
    std::string json;

    // What that does not show, because no type declares it: ReplyCheck::TakeUnknown().
    std::vector<std::string> unknown;
  };
  static constexpr size_t kMostJson = 128 * 1024 * 1024;  // bytes

  // DATA_LOSS, as above, if the bytes are no such message, or too much of one.
  absl::StatusOr<Decoded> Decode(const google::protobuf::Descriptor& type,
                                 const std::string& bytes);

  // Of details of errors: {"@type": ..., ...}.
  absl::StatusOr<std::string> DecodeAny(const google::protobuf::Any& any);

 private:
  class Resolver;
  struct Resting;

  bool emits_defaults_ = false;
  MessageTypes types_;
  const std::unique_ptr<Resolver> resolver_;
  Prototypes prototypes_;
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_JSON_CODEC_H_
