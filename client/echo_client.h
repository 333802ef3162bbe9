// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The generated stub of udsecho.v1.Echo on one connection that exists already.
//
//   absl::StatusOr<uds::UniqueFd> fd = uds::Connect(address, timeout);
//   EchoClient client(*std::move(fd), "localhost");
//   grpc::ClientContext context;
//   const grpc::Status status = client.stub().Echo(&context, request, &response);
//
// gRPC's own connecting is not used: it tries again, and hides why. Once the connection is lost, every
// call fails with UNAVAILABLE.
//
// With a retry policy it is used, because the policy belongs to gRPC's own channels: calls that fail are
// sent again, and a connection that is lost is made anew.
//
//   EchoClient client(target.Uri(), "localhost", {.retry = &config});
//
// Thread safety: as the stub: calls may be made from several threads.
// Ownership: owns the channel and, through it, the connection.

#ifndef CLIENT_ECHO_CLIENT_H_
#define CLIENT_ECHO_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "client/retry/service_config.h"
#include "grpcpp/grpcpp.h"
#include "uds/unique_fd.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace udsecho::client {

// The largest reply that is taken, in bytes: the longest line and the largest payload that are sent
// (LineSource::kMaxLine, kMostOfAFile), and room for the encoding.
inline constexpr size_t kMaxReply = 128 * 1024 * 1024 + 1024;

struct ChannelOptions {
  // How often an idle connection is pinged (HTTP/2's PING); infinite: never. It is lost if a PING is not
  // answered within `timeout`.
  absl::Duration keepalive = absl::InfiniteDuration();
  absl::Duration timeout = absl::Seconds(5);

  // Whether replies may be compressed. gRPC inflates them whole before it looks at their size, so that
  // a server can have it take a thousand times what it sends.
  bool accepts_compressed = false;

  // For channels that connect by themselves. Only used while the channel is made.
  const ServiceConfig* retry = nullptr;
};

class EchoClient {
 public:
  using ChatStream = grpc::ClientAsyncReaderWriter<v1::EchoRequest, v1::EchoResponse>;

  // `connection` is connected and non-blocking, as uds::Connect() makes it; `authority` is what
  // calls say unless they say otherwise.
  explicit EchoClient(uds::UniqueFd connection, const std::string& authority = "localhost",
                      const ChannelOptions& options = {});

  // Connects by itself, and again, to a target as gRPC writes it (Target::Uri()).
  EchoClient(const std::string& target, const std::string& authority,
             const ChannelOptions& options);

  const std::string& authority() const { return authority_; }

  // Whether the server has closed the connection. Never, if it connects by itself.
  bool IsLost() const;
  bool connects_itself() const { return connects_itself_; }

  // If it connects by itself: has it connect, and waits so long at the most.
  bool AwaitConnection(absl::Duration timeout) const;

  v1::Echo::Stub& stub() { return *stub_; }

  // For the stubs of other services.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  const std::string authority_;
  const bool connects_itself_ = false;
  uds::UniqueFd watched_;  // the connection once more, to look at; none if it connects itself
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Echo::Stub> stub_;
};

// For gRPC: `timeout` from now, by the clock that nobody sets.
gpr_timespec DeadlineAfter(absl::Duration timeout);

}  // namespace udsecho::client

#endif  // CLIENT_ECHO_CLIENT_H_
