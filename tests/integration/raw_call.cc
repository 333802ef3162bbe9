// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/integration/raw_call.h"

#include <gtest/gtest.h>

#include <chrono>

#include "grpc/compression.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/support/patience.h"

namespace udsecho::integration {
namespace {

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// Whether the operation that was begun last went well.
bool Ok(grpc::CompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  return queue->Next(&tag, &ok) && ok;
}

}  // namespace

std::shared_ptr<grpc::Channel> ConnectRaw(const std::string& path, int accepted_encodings) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, accepted_encodings);
  return grpc::CreateCustomChannel("unix:" + path, grpc::InsecureChannelCredentials(), arguments);
}

RawReply RawCall(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 const RawRequest& request) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + support::kPatience);
  context.set_compression_algorithm(request.encoding);
  for (const auto& [key, value] : request.metadata) context.AddMetadata(key, value);
  grpc::GenericStub stub(channel);
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  RawReply reply;
  bool ok = Ok(&queue);
  if (ok) {
    const grpc::Slice slice(request.request);
    call->WriteLast(grpc::ByteBuffer(&slice, 1), grpc::WriteOptions(), nullptr);
    ok = Ok(&queue);
  }
  while (ok) {
    grpc::ByteBuffer message;
    call->Read(&message, nullptr);
    ok = Ok(&queue);
    if (ok) reply.messages.push_back(Flatten(message));
  }
  call->Finish(&reply.status, nullptr);
  Ok(&queue);
  return reply;
}

}  // namespace udsecho::integration
