// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/echo_client.h"

#include <utility>

#include "grpc/support/time.h"
#include "grpcpp/create_channel_posix.h"

namespace udsecho::client {
namespace {

std::shared_ptr<grpc::Channel> ChannelOn(uds::UniqueFd connection) {
  grpc::ChannelArguments arguments;
  // What clients of a Unix socket say; without it, it would be the target, which has no meaning
  // here.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  arguments.SetMaxReceiveMessageSize(kMaxReply);
  return grpc::CreateCustomInsecureChannelFromFd("udsecho", connection.release(), arguments);
}

}  // namespace

EchoClient::EchoClient(uds::UniqueFd connection)
    : stub_(v1::Echo::NewStub(ChannelOn(std::move(connection)))) {}

grpc::Status EchoClient::Echo(const std::string& message, absl::Duration timeout,
                              std::string* reply) {
  v1::EchoRequest request;
  request.set_message(message);
  v1::EchoResponse response;
  grpc::ClientContext context;
  context.set_deadline(DeadlineAfter(timeout));
  grpc::Status status = stub_->Echo(&context, request, &response);
  if (status.ok()) *reply = std::move(*response.mutable_message());
  return status;
}

std::unique_ptr<EchoClient::ChatStream> EchoClient::PrepareChat(grpc::ClientContext* context,
                                                                grpc::CompletionQueue* queue) {
  return stub_->PrepareAsyncChat(context, queue);
}

gpr_timespec DeadlineAfter(absl::Duration timeout) {
  // About 300 years: gRPC counts nanoseconds in 64 bits.
  if (timeout >= absl::Hours(24 * 365 * 290)) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

}  // namespace udsecho::client
