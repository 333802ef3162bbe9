// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/integration/calls.h"

#include <chrono>
#include <utility>

#include "grpc/grpc.h"
#include "grpcpp/generic/generic_stub.h"
#include "tests/support/patience.h"

namespace udsecho::integration {
namespace {

std::string Flatten(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return "";
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// A send that meets a full socket makes gRPC start a thread that polls for up to 10 s, and when the
// last channel of a process goes, gRPC waits for that thread: so it never is the last.
void NeverShutGrpcDown() {
  static const bool kHeld = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kHeld);
}

void LimitTime(grpc::ClientContext* context) {
  context->set_deadline(std::chrono::system_clock::now() + support::kPatience);
}

}  // namespace

std::shared_ptr<grpc::Channel> Connect(const std::string& path) {
  NeverShutGrpcDown();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel("unix:" + path, grpc::InsecureChannelCredentials(), arguments);
}

v1::EchoRequest Message(std::string message) {
  v1::EchoRequest request;
  request.set_message(std::move(message));
  return request;
}

v1::EchoRequest Delayed(std::string message, int64_t milliseconds) {
  v1::EchoRequest request = Message(std::move(message));
  request.mutable_delay()->set_seconds(milliseconds / 1000);
  request.mutable_delay()->set_nanos(static_cast<int32_t>(milliseconds % 1000) * 1'000'000);
  return request;
}

Answer Echo(const std::shared_ptr<grpc::Channel>& channel, const v1::EchoRequest& request) {
  grpc::ClientContext context;
  LimitTime(&context);
  Answer answer;
  answer.status = v1::Echo::NewStub(channel)->Echo(&context, request, &answer.response);
  return answer;
}

grpc::Status EchoRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& request,
                     std::string* response) {
  const grpc::Slice slice(request);
  const grpc::ByteBuffer request_bytes(&slice, 1);
  grpc::ByteBuffer response_bytes;
  grpc::Status status;
  grpc::ClientContext context;
  LimitTime(&context);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  auto call = stub.PrepareUnaryCall(&context, "/udsecho.v1.Echo/Echo", request_bytes, &queue);
  call->StartCall();
  call->Finish(&response_bytes, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  if (status.ok()) *response = Flatten(response_bytes);
  return status;
}

std::string Say(ChatStream* stream, const std::string& message) {
  v1::EchoResponse response;
  if (!stream->Write(Message(message)) || !stream->Read(&response)) return "";
  return response.message();
}

}  // namespace udsecho::integration
