// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Messages from the bytes that gRPC carries, and the other way round.
//
// rpc/ parses requests itself, because gRPC's typed path hides what went wrong: a message on a
// stream that cannot be parsed looks like the end of the stream, and a unary one is answered
// INTERNAL, as if it were the server's fault.
//
// Thread safety: a pure function.

#ifndef RPC_WIRE_H_
#define RPC_WIRE_H_

#include <cstddef>

#include "google/protobuf/message_lite.h"
#include "grpc/grpc.h"
#include "grpcpp/support/byte_buffer.h"

namespace rpc {

// False if `bytes` are malformed or hold text that is not UTF-8.
bool Parse(const grpc_byte_buffer& bytes, google::protobuf::MessageLite* message);

// The same bytes, which both own then.
grpc::ByteBuffer ToByteBuffer(const grpc_byte_buffer& bytes);
bool Parse(grpc::ByteBuffer* bytes, google::protobuf::MessageLite* message);

// In memory that is as long as it has to be; the caller's.
grpc_byte_buffer* Encode(const google::protobuf::MessageLite& message);

// The bytes of a message that has just been encoded.
inline std::size_t EncodedSize(const google::protobuf::MessageLite& message) {
  return static_cast<std::size_t>(message.GetCachedSize());
}

}  // namespace rpc

#endif  // RPC_WIRE_H_
