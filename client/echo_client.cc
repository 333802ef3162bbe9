// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/echo_client.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <utility>

#include "grpc/support/time.h"
#include "grpcpp/create_channel_posix.h"

namespace udsecho::client {
namespace {

// gRPC counts in int; its largest is for ever.
int Milliseconds(absl::Duration duration) {
  constexpr int kNever = std::numeric_limits<int>::max();
  return static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(duration), kNever));
}

void SetKeepalive(const ChannelOptions& options, grpc::ChannelArguments* arguments) {
  if (options.keepalive == absl::InfiniteDuration()) return;
  arguments->SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, std::max(1, Milliseconds(options.keepalive)));
  arguments->SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, std::max(1, Milliseconds(options.timeout)));
  arguments->SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // By default it stops after two, if nothing else is sent.
  arguments->SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
}

grpc::ChannelArguments ArgumentsOf(const std::string& authority, const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  SetKeepalive(options, &arguments);
  // Without it, it would be the target, which has no meaning here.
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, authority);
  arguments.SetMaxReceiveMessageSize(kMaxReply);
  if (!options.accepts_compressed) {
    constexpr int kIdentityAlone = 1 << GRPC_COMPRESS_NONE;
    arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, kIdentityAlone);
  }
  return arguments;
}

std::shared_ptr<grpc::Channel> ChannelTo(const std::string& target, const std::string& authority,
                                         const ChannelOptions& options) {
  // How long gRPC waits between two tries to connect, and before it looks for a host again: by default 1 s to
  // 2 min, and 30 s. A server that restarts is back sooner.
  constexpr int kFirstWait = 100;  // ms: the least that it takes
  constexpr int kLongestWait = 1000;
  grpc::ChannelArguments arguments = ArgumentsOf(authority, options);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstWait);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestWait);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
                   std::max(kFirstWait, Milliseconds(options.timeout)));  // of one try
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kLongestWait);
  // Not by http_proxy, as without a policy, and by no policy that DNS has.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  if (options.retry != nullptr) {
    arguments.SetServiceConfigJSON(options.retry->json);
    // A message that is not kept is not sent again. By default 256 KiB are.
    arguments.SetInt(GRPC_ARG_PER_RPC_RETRY_BUFFER_SIZE, static_cast<int>(kMaxReply));
    // gRPC 1.51 takes a perAttemptRecvTimeout with this alone.
    if (options.retry->has_attempt_timeout()) {
      arguments.SetInt(GRPC_ARG_EXPERIMENTAL_ENABLE_HEDGING, 1);
    }
  }
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

EchoClient::EchoClient(uds::UniqueFd connection, const std::string& authority,
                       const ChannelOptions& options)
    : authority_(authority),
      watched_(fcntl(connection.get(), F_DUPFD_CLOEXEC, 0)),
      channel_(grpc::CreateCustomInsecureChannelFromFd("udsecho", connection.release(),
                                                       ArgumentsOf(authority, options))),
      stub_(v1::Echo::NewStub(channel_)) {}

EchoClient::EchoClient(const std::string& target, const std::string& authority,
                       const ChannelOptions& options)
    : authority_(authority),
      connects_itself_(true),
      channel_(ChannelTo(target, authority, options)),
      stub_(v1::Echo::NewStub(channel_)) {}

bool EchoClient::AwaitConnection(absl::Duration timeout) const {
  return channel_->WaitForConnected(DeadlineAfter(timeout));
}

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
