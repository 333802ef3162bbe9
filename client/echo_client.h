// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The generated stub of udsecho.v1.Echo on one connection that exists already.
//
//   absl::StatusOr<uds::UniqueFd> fd = uds::Connect(address, timeout);
//   EchoClient client(*std::move(fd));
//   std::string reply;
//   const grpc::Status status = client.Echo("hi", absl::Seconds(5), &reply);
//
// gRPC's own connecting is not used: it retries, and hides why. Once the connection is lost, every
// call fails with UNAVAILABLE.
//
// Thread safety: as the stub: calls may be made from several threads.
// Ownership: owns the channel and, through it, the connection.

#ifndef CLIENT_ECHO_CLIENT_H_
#define CLIENT_ECHO_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "uds/unique_fd.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace udsecho::client {

// The longest line that is sent, in bytes: sixteen times the usual limit of a server, so that it is
// the server that answers what is too long, and yet endless input without a line feed ends.
inline constexpr size_t kMaxLine = 64 * 1024 * 1024;

// The largest reply that is taken: such a line, and room for the encoding.
inline constexpr size_t kMaxReply = kMaxLine + 1024;

class EchoClient {
 public:
  using ChatStream = grpc::ClientAsyncReaderWriter<v1::EchoRequest, v1::EchoResponse>;

  // `connection` is connected and non-blocking, as uds::Connect() makes it.
  explicit EchoClient(uds::UniqueFd connection);

  // One call. `message` is UTF-8. On failure `reply` is as it was.
  grpc::Status Echo(const std::string& message, absl::Duration timeout, std::string* reply);

  // A stream on which StartCall() is yet to be called.
  std::unique_ptr<ChatStream> PrepareChat(grpc::ClientContext* context,
                                          grpc::CompletionQueue* queue);

 private:
  std::unique_ptr<v1::Echo::Stub> stub_;
};

// For gRPC: `timeout` from now, by the clock that nobody sets.
gpr_timespec DeadlineAfter(absl::Duration timeout);

}  // namespace udsecho::client

#endif  // CLIENT_ECHO_CLIENT_H_
