// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Empty messages of types that are known at run time alone.
//
//   const auto prototype = prototypes.Get(type);
//   std::unique_ptr<pb::Message> message((*prototype)->New());
//
// Protobuf makes those of all types that a type refers to, one within the making of another: a chain of
// some 17,000 types takes all of a thread's stack.
//
// Thread safety: none. Ownership: owns the prototypes; the types outlive them.

#ifndef CLIENT_SCHEMA_PROTOTYPES_H_
#define CLIENT_SCHEMA_PROTOTYPES_H_

#include <cstddef>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"

namespace udsecho::client {

class Prototypes {
 public:
  // That a type may refer to, itself included, and what they refer to.
  static constexpr size_t kMostTypes = 5'000;

  // RESOURCE_EXHAUSTED if there are more.
  absl::StatusOr<const google::protobuf::Message*> Get(const google::protobuf::Descriptor& type);

  google::protobuf::MessageFactory* factory() { return &factory_; }

 private:
  std::unordered_map<const google::protobuf::Descriptor*, const google::protobuf::Message*> known_;
  google::protobuf::DynamicMessageFactory factory_;
};

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_PROTOTYPES_H_
