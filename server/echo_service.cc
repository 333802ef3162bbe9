// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/echo_service.h"

#include <utility>

#include "absl/time/time.h"
#include "server/collection.h"
#include "server/echo_metadata.h"
#include "server/expansion.h"
#include "server/fault.h"
#include "server/request_rules.h"
#include "server/who_am_i.h"

namespace udsecho {

EchoService::EchoService(EchoOptions options, MessageEvents* events)
    : Service("udsecho.v1.Echo"), options_(std::move(options)), events_(events) {
  Handle("Echo", &EchoService::Echo);
  Handle("Expand", &EchoService::Expand);
  Handle("Collect", &EchoService::Collect);
  Handle("Chat", &EchoService::Chat);
  Handle("WhoAmI", &EchoService::WhoAmI);
}

absl::Status EchoService::Begin(rpc::Call& call) {
  if (absl::Status echoed = EchoMetadata(&call); !echoed.ok()) return echoed;
  return CompressAsAsked(&call);
}

rpc::Task EchoService::Echo(rpc::UnaryCall<Request, Response>& call) {
  Request& request = *call.mutable_request();
  events_->Received(request.message(), call.connection());
  absl::Status end = Check(request, Answers::kOne);
  if (end.ok()) {
    if (!co_await call.Sleep(DelayOf(request))) co_return;  // cancelled, or past its deadline
    if (request.has_fault()) end = ToStatus(request.fault());
  }
  if (end.ok()) {
    co_await call.Finish(ReplyTo(&request));
  } else {
    co_await call.Finish(end);
  }
}

rpc::Task EchoService::Expand(rpc::ServerStreamCall<v1::ExpandRequest, Response>& call) {
  const v1::ExpandRequest& request = call.request();
  events_->Received(request.message(), call.connection());
  absl::Status end = Check(request);
  if (end.ok()) {
    if (!co_await call.Sleep(DelayOf(request))) co_return;
    const absl::Duration interval = IntervalOf(request);
    Expansion expansion(request, options_.reply);
    while (const Response* response = expansion.Next()) {
      if (expansion.count() > 1 && !co_await call.Sleep(interval)) co_return;
      if (!co_await call.Write(*response)) co_return;  // the caller went away
    }
    if (request.has_fault()) end = ToStatus(request.fault());
  }
  co_await call.Finish(end);
}

rpc::Task EchoService::Collect(rpc::ClientStreamCall<Request, v1::CollectResponse>& call) {
  Collection collection(options_.max_message_bytes, options_.reply);
  PendingFault fault;
  absl::Status end;
  Request request;
  while (co_await call.Read(&request)) {
    events_->Received(request.message(), call.connection());
    end = Check(request, Answers::kMany);
    if (!end.ok()) break;
    fault.Take(request);
    if (!co_await call.Sleep(DelayOf(request))) co_return;
    if (!fault.due()) {
      if (!call.Keep(request.message().size() + request.payload().size())) break;
      end = collection.Add(request);
      fault.Answered();
    }
    if (end.ok() && fault.due()) end = fault.status();
    if (!end.ok()) break;
  }
  if (end.ok()) {
    const v1::CollectResponse response = collection.Response();
    co_await call.Finish(response);
  } else {
    co_await call.Finish(end);
  }
}

rpc::Task EchoService::Chat(rpc::BidiCall<Request, Response>& call) {
  PendingFault fault;
  absl::Status end;
  Request request;
  while (co_await call.Read(&request)) {
    events_->Received(request.message(), call.connection());
    end = Check(request, Answers::kMany);
    if (!end.ok()) break;
    fault.Take(request);
    if (!co_await call.Sleep(DelayOf(request))) co_return;
    if (!fault.due()) {
      if (!co_await call.Write(ReplyTo(&request))) co_return;
      fault.Answered();
    }
    if (fault.due()) {
      end = fault.status();
      break;
    }
  }
  co_await call.Finish(end);
}

rpc::Task EchoService::WhoAmI(rpc::UnaryCall<v1::WhoAmIRequest, v1::WhoAmIResponse>& call) {
  co_await call.Finish(udsecho::WhoAmI(call));
}

EchoService::Response EchoService::ReplyTo(Request* request) const {
  Response response;
  if (options_.reply.has_value()) {
    response.set_message(*options_.reply);
  } else {
    response.set_allocated_message(request->release_message());
  }
  response.set_allocated_payload(request->release_payload());
  return response;
}

}  // namespace udsecho
