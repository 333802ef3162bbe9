// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Files of protobuf's editions (https://protobuf.dev/editions) for a protobuf that knows only proto2 and proto3.
//
//   AsProto2(&file);
//
// Thread safety: a pure function.

#ifndef CLIENT_SCHEMA_EDITIONS_H_
#define CLIENT_SCHEMA_EDITIONS_H_

#include "google/protobuf/descriptor.pb.h"

namespace udsecho::client {

// A file with an edition becomes the file of proto2 whose messages have the same bytes: which fields are packed
// and required is taken from the features of the file, of messages and of fields. Not so where messages are
// delimited as groups are; those are fields that nobody declares. Other files stay as they are.
void AsProto2(google::protobuf::FileDescriptorProto* file);

}  // namespace udsecho::client

#endif  // CLIENT_SCHEMA_EDITIONS_H_
