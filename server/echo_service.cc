// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/echo_service.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "rpc/status.h"
#include "udsecho/v1/echo.grpc.pb.h"

namespace udsecho {
namespace {

// The longest wait that a caller may ask for: as echo.proto says.
constexpr absl::Duration kMaxDelay = absl::Hours(1);

absl::StatusOr<absl::Duration> DelayOf(const v1::EchoRequest& request) {
  const google::protobuf::Duration& delay = request.delay();
  const absl::Duration duration = absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos());
  const bool valid = delay.seconds() >= 0 && delay.nanos() >= 0 && delay.nanos() < 1'000'000'000;
  if (!valid || duration > kMaxDelay) {
    return absl::InvalidArgumentError("delay must be from 0 to 3600 s, its nanos below 1e9");
  }
  return duration;
}

}  // namespace

EchoService::EchoService(std::optional<std::string> fixed_reply, MessageEvents* events)
    : Service(v1::Echo::service_full_name()),
      fixed_reply_(std::move(fixed_reply)),
      events_(events) {
  Handle("Echo", &EchoService::Echo);
  Handle("Chat", &EchoService::Chat);
}

rpc::Task EchoService::Echo(rpc::UnaryCall<Request, Response>& call) {
  events_->Received(call.request().message(), call.peer());
  const absl::StatusOr<absl::Duration> delay = DelayOf(call.request());
  if (!delay.ok()) {
    co_await call.Finish(rpc::ToGrpcStatus(delay.status()));
    co_return;
  }
  if (!co_await call.Sleep(*delay)) co_return;  // cancelled, or past its deadline
  co_await call.Finish(ReplyTo(call.request()));
}

rpc::Task EchoService::Chat(rpc::BidiCall<Request, Response>& call) {
  Request request;
  while (co_await call.Read(&request)) {
    events_->Received(request.message(), call.peer());
    const absl::StatusOr<absl::Duration> delay = DelayOf(request);
    if (!delay.ok()) {
      co_await call.Finish(rpc::ToGrpcStatus(delay.status()));
      co_return;
    }
    if (!co_await call.Sleep(*delay)) co_return;
    if (!co_await call.Write(ReplyTo(request))) co_return;  // the caller went away
  }
  co_await call.Finish(grpc::Status::OK);
}

EchoService::Response EchoService::ReplyTo(const Request& request) const {
  Response response;
  response.set_message(fixed_reply_.value_or(request.message()));
  response.set_payload(request.payload());
  return response;
}

}  // namespace udsecho
