// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// udsecho.v1.Echo: answers what it was sent. The contract is in proto/udsecho/v1/echo.proto.
//
//   EchoService echo({.reply = {}, .max_message_bytes = 4 << 20}, &message_events);
//   server.Add(&echo);
//
// Thread safety: handlers run on the server's threads.
// Ownership: borrows the events, which outlive it.

#ifndef SERVER_ECHO_SERVICE_H_
#define SERVER_ECHO_SERVICE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "rpc/call/stream_calls.h"
#include "rpc/call/task.h"
#include "rpc/call/unary_call.h"
#include "rpc/service.h"
#include "server/events.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

struct EchoOptions {
  // Every message is answered with this text instead of its own.
  std::optional<std::string> reply;

  // What Collect's answer may have, as encoded.
  std::size_t max_message_bytes;
};

class EchoService final : public rpc::Service {
 public:
  EchoService(EchoOptions options, MessageEvents* events);

 private:
  using Request = v1::EchoRequest;
  using Response = v1::EchoResponse;

  absl::Status Begin(rpc::Call& call) override;

  rpc::Task Echo(rpc::UnaryCall<Request, Response>& call);
  rpc::Task Expand(rpc::ServerStreamCall<v1::ExpandRequest, Response>& call);
  rpc::Task Collect(rpc::ClientStreamCall<Request, v1::CollectResponse>& call);
  rpc::Task Chat(rpc::BidiCall<Request, Response>& call);
  rpc::Task WhoAmI(rpc::UnaryCall<v1::WhoAmIRequest, v1::WhoAmIResponse>& call);

  // Takes the message and the payload out of the request.
  Response ReplyTo(Request* request) const;

  const EchoOptions options_;
  MessageEvents* const events_;
};

}  // namespace udsecho

#endif  // SERVER_ECHO_SERVICE_H_
