// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How much memory a message takes once it is parsed: told by its bytes, before it is.
//
//   const std::size_t bytes = wire::ParsedSize(*EchoRequest::descriptor(), encoded);
//   if (!account.Hold(bytes)) ...too much...
//
// Two bytes can make an empty message of some hundred in memory, so that what a message takes is
// not bounded by its length.
//
// Thread safety: a pure function.

#ifndef RPC_WIRE_PARSED_SIZE_H_
#define RPC_WIRE_PARSED_SIZE_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace rpc::wire {

// Of a message of a type that the program has generated code for: at least what protobuf 3.21
// takes, and rarely twice as much. `encoded` may be malformed: then of what is parsed until that is
// found. (Where a length in it is a lie, protobuf may reserve as much, up to 50 MB, without
// touching it, and frees that when it finds the lie.)
std::size_t ParsedSize(const google::protobuf::Descriptor& type, absl::string_view encoded);

// What each byte of such a message takes at the most, beside the message itself: for those that are
// so short that to look at them takes longer.
std::size_t DearestByte(const google::protobuf::Descriptor& type);

}  // namespace rpc::wire

#endif  // RPC_WIRE_PARSED_SIZE_H_
