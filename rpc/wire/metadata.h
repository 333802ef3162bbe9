// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// gRPC's header fields: metadata, binary values, the timeout (PROTOCOL-HTTP2.md).
//
//   if (!wire::IsLegalToSend(key, value)) return false;
//   std::string text = wire::IsBinary(key) ? wire::EncodeBinary(value) : std::string(value);
//
// Thread safety: pure functions.

#ifndef RPC_WIRE_METADATA_H_
#define RPC_WIRE_METADATA_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rpc::wire {

// Whether values of this key may be any bytes, which are sent as base64.
bool IsBinary(absl::string_view key);

// Whether a request's field is given to the program: all are but pseudo-headers and gRPC's own
// fields.
bool IsMetadata(absl::string_view name);

// Whether the program may send this. Keys: a-z, 0-9, '-', '_', '.', but no field of gRPC's own or
// of HTTP/1's connections. Values: printable ASCII without a space at either end, or any bytes if
// the key is binary.
bool IsLegalToSend(absl::string_view key, absl::string_view value);

std::string EncodeBinary(absl::string_view bytes);

// The values of a field, which are joined by commas, with or without padding. Nullopt if one is not
// base64.
std::optional<std::vector<std::string>> DecodeBinary(absl::string_view field);

// The value of grpc-timeout: one to eight digits and a unit. Nullopt for anything else.
std::optional<absl::Duration> ParseTimeout(absl::string_view text);

// "application/grpc" and "application/grpc+proto", either with parameters. Not grpc-web, and no
// other encoding of messages.
bool IsGrpc(absl::string_view content_type);

}  // namespace rpc::wire

#endif  // RPC_WIRE_METADATA_H_
