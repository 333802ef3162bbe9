// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The types that a Fault's details may have, for those who ask reflection for them: the error details
// of google.rpc, and protobuf's well-known types.
//
//   for (const auto* file : DetailTypes()) server.Describe(file);
//
// Thread safety: a free function without state.

#ifndef SERVER_DETAIL_TYPES_H_
#define SERVER_DETAIL_TYPES_H_

#include <vector>

#include "google/protobuf/descriptor.h"

namespace udsecho {

// The files that have them. Every server that calls it is linked with them.
std::vector<const google::protobuf::FileDescriptor*> DetailTypes();

}  // namespace udsecho

#endif  // SERVER_DETAIL_TYPES_H_
