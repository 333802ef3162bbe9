// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Messages from the bytes that gRPC carries.
//
// rpc/ takes requests raw and parses them itself, because gRPC's typed path hides what went wrong:
// a message on a stream that cannot be parsed looks like the end of the stream, and a unary one is
// answered INTERNAL, as if it were the server's fault.
//
// Thread safety: a pure function.

#ifndef RPC_WIRE_H_
#define RPC_WIRE_H_

#include <cstddef>

#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/byte_buffer.h"

namespace rpc {

// False if `bytes` are malformed or hold text that is not UTF-8. `bytes` are empty afterwards.
template <class Message>
bool Parse(grpc::ByteBuffer* bytes, Message* message) {
  return grpc::SerializationTraits<Message>::Deserialize(bytes, message).ok();
}

inline constexpr std::size_t kNoMessage = 0;  // the bytes of a status without a message

// The bytes of a message that has just been encoded.
template <class Message>
std::size_t EncodedSize(const Message& message) {
  return static_cast<std::size_t>(message.GetCachedSize());
}

}  // namespace rpc

#endif  // RPC_WIRE_H_
