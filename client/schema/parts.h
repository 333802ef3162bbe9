// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How many objects a message becomes when it is parsed, which may be a hundred times its bytes: a message
// within a message may take two bytes on the wire.
//
//   if (CountParts(bytes, *method->output_type(), kMost + 1) > kMost) return TooLarge();
//
// Thread safety: a pure function.

#ifndef CLIENT_SCHEMA_PARTS_H_
#define CLIENT_SCHEMA_PARTS_H_

#include <cstddef>
#include <string>

#include "google/protobuf/descriptor.h"

namespace udsecho::client {

// Messages (those with many fields count several times), values of repeated fields and fields that the
// type does not declare, at any depth. Some 200 bytes each, and what texts take. It stops at `most`, and where the bytes are no message, where a parser stops too.
size_t CountParts(const std::string& bytes, const google::protobuf::Descriptor& type, size_t most);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_PARTS_H_
