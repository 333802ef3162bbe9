// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// How the messages of a call are compressed, and what is in those that are.
//
//   const auto encoding = EncodingOfLastMessage(context.c_call());
//   const absl::Status unpacked = Unpack(*encoding, max_bytes, &bytes);
//   if (Accepts(context.c_call(), GRPC_COMPRESS_GZIP)) ...
//
// gRPC would decompress by itself, but measures a message only afterwards: 4 MiB of gzip become
// 4 GiB of memory before they are refused. So it is told not to (server.cc), and what it has to
// say of a message's encoding is asked here, by the functions that its own tests use: there are no
// others.
//
// Thread safety: Unpack() is a pure function; the others belong to the call's polling thread.

#ifndef RPC_ENCODING_H_
#define RPC_ENCODING_H_

#include <cstddef>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpc/compression.h"
#include "grpc/grpc.h"
#include "grpcpp/support/byte_buffer.h"

namespace rpc {

// "identity", "gzip" or "deflate".
absl::string_view EncodingName(grpc_compression_algorithm encoding);

// The encoding of the message that the call has read last; nullopt when that is compressed in a way
// that gRPC does not know, or that the call's headers do not tell.
std::optional<grpc_compression_algorithm> EncodingOfLastMessage(grpc_call* call);

// Whether the caller takes messages of this encoding (grpc-accept-encoding).
bool Accepts(grpc_call* call, grpc_compression_algorithm encoding);

// Decompresses in place. RESOURCE_EXHAUSTED if that is more than `max_bytes`, INTERNAL if the bytes
// are not of that encoding: the codes of gRPC's specification. `bytes` are then as they were.
absl::Status Unpack(grpc_compression_algorithm encoding, std::size_t max_bytes,
                    grpc::ByteBuffer* bytes);

}  // namespace rpc

#endif  // RPC_ENCODING_H_
