// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A message as JSON with something for every field, to be filled in.
//
//   JsonTemplate(*method->input_type())   // {"name": "", "age": 0, "friends": [{"name": "", ...}]}
//
// Of a oneof the first field alone, as a message can have no more. A type within itself, and all that
// is deeper or more than fits a screen or two, is left empty.
//
// Thread safety: a pure function.

#ifndef CLIENT_SCHEMA_JSON_TEMPLATE_H_
#define CLIENT_SCHEMA_JSON_TEMPLATE_H_

#include <string>

#include "google/protobuf/descriptor.h"

namespace udsecho::client {

// On several lines, without the last line feed; printable.
std::string JsonTemplate(const google::protobuf::Descriptor& message);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_JSON_TEMPLATE_H_
