// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// udsecho.v1.Echo: answers what it was sent. The contract is in proto/udsecho/v1/echo.proto.
//
// Thread safety: handlers run on the server's polling thread.
// Ownership: borrows the events, which outlive it.

#ifndef SERVER_ECHO_SERVICE_H_
#define SERVER_ECHO_SERVICE_H_

#include <optional>
#include <string>

#include "rpc/service.h"
#include "rpc/stream_calls.h"
#include "rpc/task.h"
#include "rpc/unary_call.h"
#include "server/events.h"
#include "udsecho/v1/echo.pb.h"

namespace udsecho {

class EchoService final : public rpc::Service {
 public:
  // With `fixed_reply` every message is answered with that text instead of its own.
  EchoService(std::optional<std::string> fixed_reply, MessageEvents* events);

 private:
  using Request = v1::EchoRequest;
  using Response = v1::EchoResponse;

  rpc::Task Echo(rpc::UnaryCall<Request, Response>& call);
  rpc::Task Chat(rpc::BidiCall<Request, Response>& call);

  Response ReplyTo(const Request& request) const;

  const std::optional<std::string> fixed_reply_;
  MessageEvents* const events_;
};

}  // namespace udsecho

#endif  // SERVER_ECHO_SERVICE_H_
