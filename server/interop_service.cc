// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "server/interop_service.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/echo_metadata.h"

namespace udsecho {
namespace {

using grpc::testing::EchoStatus;
using grpc::testing::Payload;

void SetZeros(int size, Payload* payload) { payload->mutable_body()->resize(size); }

absl::Status ToStatus(const EchoStatus& status) {
  constexpr int kLastCode = static_cast<int>(absl::StatusCode::kUnauthenticated);
  const bool known = status.code() >= 0 && status.code() <= kLastCode;
  return absl::Status(
      known ? static_cast<absl::StatusCode>(status.code()) : absl::StatusCode::kUnknown,
      status.message());
}

// Of a request that says whether it was compressed.
template <class Request>
absl::Status CheckCompression(const Request& request, const rpc::Call& call) {
  const bool compressed = call.request_encoding() != rpc::Encoding::kIdentity;
  if (!request.has_expect_compressed() || request.expect_compressed().value() == compressed) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(compressed
                                        ? "the request is compressed, and says that it is not"
                                        : "the request says that it is compressed, and is not");
}

bool AsksForCompression(const grpc::testing::StreamingOutputCallRequest& request) {
  return std::any_of(request.response_parameters().begin(), request.response_parameters().end(),
                     [](const auto& one) { return one.compressed().value(); });
}

absl::Status Gone() { return absl::CancelledError("the caller went away"); }

}  // namespace

InteropService::InteropService(int max_payload)
    : Service("grpc.testing.TestService"),
      max_payload_(max_payload),
      server_id_(absl::StrCat(getpid(), "-", absl::GetCurrentTimeNanos())) {
  Handle("EmptyCall", &InteropService::EmptyCall);
  Handle("UnaryCall", &InteropService::UnaryCall);
  Handle("CacheableUnaryCall", &InteropService::CacheableUnaryCall);
  Handle("StreamingInputCall", &InteropService::StreamingInputCall);
  Handle("StreamingOutputCall", &InteropService::StreamingOutputCall);
  Handle("FullDuplexCall", &InteropService::FullDuplexCall);
  Handle("HalfDuplexCall", &InteropService::HalfDuplexCall);
}

absl::Status InteropService::Begin(rpc::Call& call) {
  if (absl::Status echoed = EchoMetadata(&call); !echoed.ok()) return echoed;
  return absl::OkStatus();
}

absl::Status InteropService::CheckSize(int size) const {
  if (size >= 0 && size <= max_payload_) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a payload must be of 0 to ", max_payload_, " bytes"));
}

rpc::Task InteropService::EmptyCall(rpc::UnaryCall<Empty, Empty>& call) {
  co_await call.Finish(Empty());
}

rpc::Task InteropService::UnaryCall(rpc::UnaryCall<Simple, SimpleReply>& call) {
  const Simple& request = call.request();
  absl::Status end = CheckCompression(request, call);
  if (end.ok()) end = CheckSize(request.response_size());
  if (end.ok()) end = ToStatus(request.response_status());
  if (!end.ok()) {
    co_await call.Finish(end);
    co_return;
  }
  if (request.response_compressed().value()) call.Compress(rpc::Encoding::kGzip);
  SimpleReply reply;
  SetZeros(request.response_size(), reply.mutable_payload());
  if (request.fill_server_id()) reply.set_server_id(server_id_);
  co_await call.Finish(reply);
}

// The time, so that a test can tell a cached answer from another.
rpc::Task InteropService::CacheableUnaryCall(rpc::UnaryCall<Simple, SimpleReply>& call) {
  call.AddInitialMetadata("cache-control", "max-age=60, public");
  SimpleReply reply;
  reply.mutable_payload()->set_body(absl::StrCat(absl::GetCurrentTimeNanos()));
  co_await call.Finish(reply);
}

rpc::Task InteropService::StreamingInputCall(rpc::ClientStreamCall<Input, InputReply>& call) {
  std::int64_t bytes = 0;
  absl::Status end;
  Input request;
  while (co_await call.Read(&request)) {
    end = CheckCompression(request, call);
    if (!end.ok()) break;
    bytes += static_cast<std::int64_t>(request.payload().body().size());
  }
  if (!end.ok()) {
    co_await call.Finish(end);
    co_return;
  }
  InputReply reply;
  reply.set_aggregated_payload_size(static_cast<std::int32_t>(bytes));
  co_await call.Finish(reply);
}

rpc::Task InteropService::StreamingOutputCall(rpc::ServerStreamCall<Output, OutputReply>& call) {
  if (AsksForCompression(call.request())) call.Compress(rpc::Encoding::kGzip);
  absl::Status end;
  co_await SendOutputs(call, call.request(), &end);
  co_await call.Finish(end);
}

rpc::Task InteropService::FullDuplexCall(rpc::BidiCall<Output, OutputReply>& call) {
  absl::Status end;
  Output request;
  while (co_await call.Read(&request)) {
    co_await SendOutputs(call, request, &end);
    if (!end.ok()) break;
  }
  co_await call.Finish(end);
}

// Answers only once all requests are there.
rpc::Task InteropService::HalfDuplexCall(rpc::BidiCall<Output, OutputReply>& call) {
  std::vector<Output> requests;
  absl::Status end;
  Output request;
  while (co_await call.Read(&request)) {
    if (!call.Keep(request.SpaceUsedLong())) {
      co_return;
    }
    requests.push_back(request);
  }
  for (const Output& each : requests) {
    if (!end.ok()) break;
    co_await SendOutputs(call, each, &end);
  }
  co_await call.Finish(end);
}

template <class ManyOut>
rpc::Task InteropService::SendOutputs(ManyOut& call, const Output& request, absl::Status* end) {
  *end = ToStatus(request.response_status());
  if (!end->ok()) co_return;
  OutputReply reply;
  for (const auto& parameters : request.response_parameters()) {
    *end = CheckSize(parameters.size());
    if (!end->ok()) co_return;
    if (!co_await call.Sleep(absl::Microseconds(parameters.interval_us()))) {
      *end = Gone();
      co_return;
    }
    SetZeros(parameters.size(), reply.mutable_payload());
    const rpc::WriteOptions options{.compress = parameters.compressed().value()};
    if (!co_await call.Write(reply, options)) {
      *end = Gone();
      co_return;
    }
  }
}

}  // namespace udsecho
