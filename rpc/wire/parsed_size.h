// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tells how much memory a message will take once it is parsed, by its encoded bytes.
//
//   const std::optional<std::size_t> bytes = wire::ParsedSize(*EchoRequest::descriptor(), encoded);
//   if (!bytes.has_value()) ...it would take too long...
//   if (!account.Hold(*bytes)) ...too much...
//
// Two encoded bytes can make an empty message of a hundred bytes in memory, so that a message's
// length does not bound what it takes.
//
// Thread safety: a pure function.

#ifndef RPC_WIRE_PARSED_SIZE_H_
#define RPC_WIRE_PARSED_SIZE_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace rpc::wire {

// A message is parsed at once, while other calls of the thread wait. So it may have a million parts:
// a field is one, and four if it is a message, a text or not known. 4 MiB of such in two bytes each
// would keep the thread for 50 to 150 ms (measured), and a million parts for 25.
inline constexpr std::size_t kMostParts = 1024 * 1024;

// For a type that the program has generated code for. At least what protobuf 3.21 takes, and rarely
// twice as much. If `encoded` is malformed, what is parsed until that is found. (If a length in it
// is a lie, protobuf may reserve as much, up to 50 MB, without touching it, and frees that when it
// finds out.)
// Nullopt for a message of more than kMostParts.
std::optional<std::size_t> ParsedSize(const google::protobuf::Descriptor& type,
                                      absl::string_view encoded);

// The most that each encoded byte can take in memory, besides the message itself. For messages so
// short that looking at their bytes would take longer.
std::size_t DearestByte(const google::protobuf::Descriptor& type);

}  // namespace rpc::wire

#endif  // RPC_WIRE_PARSED_SIZE_H_
