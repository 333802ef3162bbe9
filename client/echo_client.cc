// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/echo_client.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <utility>

#include "grpc/support/time.h"
#include "grpcpp/create_channel_posix.h"

namespace udsecho::client {
namespace {

std::shared_ptr<grpc::Channel> ChannelOn(uds::UniqueFd connection, const std::string& authority) {
  grpc::ChannelArguments arguments;
  // Without it, it would be the target, which has no meaning here.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
  arguments.SetMaxReceiveMessageSize(kMaxReply);
  return grpc::CreateCustomInsecureChannelFromFd("udsecho", connection.release(), arguments);
}

}  // namespace

EchoClient::EchoClient(uds::UniqueFd connection, const std::string& authority)
    : watched_(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0)),
      channel_(ChannelOn(std::move(connection), authority)),
      stub_(v1::Echo::NewStub(channel_)) {}

bool EchoClient::IsLost() const {
  if (!watched_.valid()) return false;  // then a call will tell
  pollfd closed = {watched_.get(), POLLRDHUP, 0};
  return TEMP_FAILURE_RETRY(poll(&closed, 1, 0)) > 0;
}

gpr_timespec DeadlineAfter(absl::Duration timeout) {
  // About 300 years: gRPC counts nanoseconds in 64 bits.
  if (timeout >= absl::Hours(24 * 365 * 290)) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(timeout), GPR_TIMESPAN));
}

}  // namespace udsecho::client
