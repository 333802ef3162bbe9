// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Types by their names, for what is in replies: a server is asked for each once, and not for endlessly many.
// Those of error details that everybody has (google/rpc/error_details.proto) are known without it.
//
//   if (const pb::Descriptor* type = types.Find(TypeName(any.type_url())))
//
// Thread safety: none. Ownership: borrows the schema, which owns the types.

#ifndef CLIENT_SCHEMA_MESSAGE_TYPES_H_
#define CLIENT_SCHEMA_MESSAGE_TYPES_H_

#include <cstddef>
#include <set>
#include <string>

#include "client/schema/schema.h"
#include "google/protobuf/descriptor.h"

namespace udsecho::client {

class MessageTypes {
 public:
  // Of types that the server does not know. Once there were as many, it is asked for no more.
  static constexpr size_t kMostMissing = 100;

  explicit MessageTypes(Schema* schema) : schema_(*schema) {}

  // Null if nobody tells of it.
  const google::protobuf::Descriptor* Find(const std::string& name) {
    if (missing_.contains(name)) return nullptr;
    const bool asks = missing_.size() < kMostMissing || schema_.HasFileOf(name);
    const auto found = asks ? schema_.Message(name) : absl::NotFoundError("");
    if (found.ok()) return *found;
    if (const auto* const standard = FindStandard(name); standard != nullptr) return standard;
    if (missing_.size() < kMostMissing) missing_.insert(name);
    return nullptr;
  }

 private:
  static const google::protobuf::Descriptor* FindStandard(const std::string& name);

  Schema& schema_;
  std::set<std::string> missing_;
};

// "a.B" of "type.googleapis.com/a.B".
inline std::string TypeName(const std::string& url) { return url.substr(url.rfind('/') + 1); }

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_MESSAGE_TYPES_H_
