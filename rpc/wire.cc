// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/wire.h"

#include <vector>

#include "grpc/byte_buffer.h"
#include "grpc/slice.h"
#include "grpcpp/impl/codegen/proto_utils.h"
#include "grpcpp/support/slice.h"

namespace rpc {
namespace {

const grpc_slice_buffer& SlicesOf(const grpc_byte_buffer& bytes) {
  return bytes.data.raw.slice_buffer;  // NOLINT(*-union-access): raw is the only kind there is
}

}  // namespace

bool Parse(const grpc_byte_buffer& bytes, google::protobuf::MessageLite* message) {
  const grpc_slice_buffer& slices = SlicesOf(bytes);
  if (slices.count == 1) {  // as all are that came in one DATA frame
    const grpc_slice& slice = slices.slices[0];
    return message->ParseFromArray(GRPC_SLICE_START_PTR(slice),
                                   static_cast<int>(GRPC_SLICE_LENGTH(slice)));
  }
  grpc::ByteBuffer buffer = ToByteBuffer(bytes);
  return Parse(&buffer, message);
}

grpc::ByteBuffer ToByteBuffer(const grpc_byte_buffer& bytes) {
  const grpc_slice_buffer& buffer = SlicesOf(bytes);
  std::vector<grpc::Slice> slices;
  slices.reserve(buffer.count);
  for (std::size_t i = 0; i < buffer.count; ++i) {
    slices.emplace_back(buffer.slices[i], grpc::Slice::ADD_REF);
  }
  return {slices.data(), slices.size()};
}

bool Parse(grpc::ByteBuffer* bytes, google::protobuf::MessageLite* message) {
  return grpc::GenericDeserialize<grpc::ProtoBufferReader, google::protobuf::MessageLite>(bytes,
                                                                                          message)
      .ok();
}

grpc_byte_buffer* Encode(const google::protobuf::MessageLite& message) {
  grpc_slice slice = grpc_slice_malloc(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(GRPC_SLICE_START_PTR(slice));
  grpc_byte_buffer* const bytes = grpc_raw_byte_buffer_create(&slice, 1);
  grpc_slice_unref(slice);
  return bytes;
}

}  // namespace rpc
