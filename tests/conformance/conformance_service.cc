// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "tests/conformance/conformance_service.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/any.pb.h"
#include "rpc/wire/status.h"

namespace conformance {
namespace {

using RequestInfo = proto::ConformancePayload::RequestInfo;
using Headers = google::protobuf::RepeatedPtrField<proto::Header>;

bool IsBinary(absl::string_view key) { return absl::EndsWith(key, "-bin"); }

// Base64 without padding, as the suite compares text.
std::string Encoded(absl::string_view bytes) {
  std::string text = absl::Base64Escape(bytes);
  text.erase(std::min(text.find('='), text.size()));
  return text;
}

// Calls `add` with each header's key and value.
template <class Add>
void ForEach(const Headers& headers, Add add) {
  for (const proto::Header& header : headers) {
    const std::string key = absl::AsciiStrToLower(header.name());
    for (const std::string& value : header.value()) {
      std::string bytes;
      const bool decoded = IsBinary(key) && absl::Base64Unescape(value, &bytes);
      add(key, decoded ? bytes : value);
    }
  }
}

// Sets the response's metadata, and compresses it as its request was. If gRPC does not allow some
// metadata, it is left out, and the suite finds it missing.
template <class Definition>
void Begin(const Definition& definition, rpc::Call* call) {
  call->Compress(call->request_encoding());
  ForEach(definition.response_headers(), [call](const std::string& key, const std::string& value) {
    call->AddInitialMetadata(key, value);
  });
  ForEach(definition.response_trailers(), [call](const std::string& key, const std::string& value) {
    call->AddTrailingMetadata(key, value);
  });
}

// What a response says of its request, but for the messages.
RequestInfo InfoOf(const rpc::Call& call) {
  std::map<std::string, std::vector<std::string>> values;
  for (const auto& [key, value] : call.metadata()) {
    values[std::string(key)].push_back(IsBinary(key) ? Encoded(value) : std::string(value));
  }
  RequestInfo info;
  for (const auto& [key, of_key] : values) {
    proto::Header* const header = info.add_request_headers();
    header->set_name(key);
    for (const std::string& value : of_key) header->add_value(value);
  }
  if (call.time_left() != absl::InfiniteDuration()) {
    info.set_timeout_ms(absl::ToInt64Milliseconds(call.time_left()));
  }
  return info;
}

// `info`, if any, becomes the last detail.
absl::Status ToStatus(const proto::Error& error, const RequestInfo* info) {
  std::vector<google::protobuf::Any> details(error.details().begin(), error.details().end());
  if (info != nullptr) details.emplace_back().PackFrom(*info);
  return rpc::WithDetails(
      absl::Status(static_cast<absl::StatusCode>(error.code()), error.message()), details);
}

// Ends a call of one response.
template <class OneOut>
rpc::Task Answer(OneOut& call, const proto::UnaryResponseDefinition& definition, RequestInfo info) {
  Begin(definition, &call);
  const bool goes_on = co_await call.Sleep(absl::Milliseconds(definition.response_delay_ms()));
  if (!goes_on) co_return;
  if (definition.has_error()) {
    const absl::Status status = ToStatus(definition.error(), &info);
    co_await call.Finish(status);
    co_return;
  }
  typename OneOut::Response response;
  response.mutable_payload()->set_data(definition.response_data());
  response.mutable_payload()->mutable_request_info()->Swap(&info);
  co_await call.Finish(response);
}

// The responses of a call of many, one after the other.
template <class ManyOut>
class Responses {
 public:
  explicit Responses(ManyOut* call) : call_(*call) {}

  // Call once, when the first request is there.
  void Begin(const proto::StreamResponseDefinition& definition) {
    definition_ = definition;
    conformance::Begin(definition_, &call_);
  }

  bool left() const { return written_ < definition_.response_data_size(); }

  // Writes the next one with `info`, and clears that. `goes_on`: false if the call has ended.
  rpc::Task Write(RequestInfo* info, bool* goes_on) {
    *goes_on = co_await call_.Sleep(absl::Milliseconds(definition_.response_delay_ms()));
    if (!*goes_on) co_return;
    typename ManyOut::Response response;
    response.mutable_payload()->set_data(definition_.response_data(written_++));
    if (info->ByteSizeLong() > 0) {
      response.mutable_payload()->mutable_request_info()->Swap(info);
    }
    *goes_on = co_await call_.Write(response);
  }

  // Writes those that are left, and ends the call.
  rpc::Task Finish(RequestInfo info) {
    bool goes_on = true;
    while (left() && goes_on) co_await Write(&info, &goes_on);
    if (!goes_on) co_return;
    absl::Status status;
    if (definition_.has_error()) {
      status = ToStatus(definition_.error(), written_ == 0 ? &info : nullptr);
    }
    co_await call_.Finish(status);
  }

 private:
  ManyOut& call_;
  proto::StreamResponseDefinition definition_;
  int written_ = 0;
};

}  // namespace

ConformanceService::ConformanceService() : Service("connectrpc.conformance.v1.ConformanceService") {
  Handle("Unary", &ConformanceService::Unary<proto::UnaryRequest, proto::UnaryResponse>);
  Handle("IdempotentUnary",
         &ConformanceService::Unary<proto::IdempotentUnaryRequest, proto::IdempotentUnaryResponse>);
  Handle("ServerStream", &ConformanceService::ServerStream);
  Handle("ClientStream", &ConformanceService::ClientStream);
  Handle("BidiStream", &ConformanceService::BidiStream);
}

template <class Request, class Response>
rpc::Task ConformanceService::Unary(rpc::UnaryCall<Request, Response>& call) {
  RequestInfo info = InfoOf(call);
  info.add_requests()->PackFrom(call.request());
  co_await Answer(call, call.request().response_definition(), info);
}

rpc::Task ConformanceService::ServerStream(
    rpc::ServerStreamCall<proto::ServerStreamRequest, proto::ServerStreamResponse>& call) {
  RequestInfo info = InfoOf(call);
  info.add_requests()->PackFrom(call.request());
  Responses responses(&call);
  responses.Begin(call.request().response_definition());
  co_await responses.Finish(info);
}

rpc::Task ConformanceService::ClientStream(
    rpc::ClientStreamCall<proto::ClientStreamRequest, proto::ClientStreamResponse>& call) {
  RequestInfo info = InfoOf(call);
  proto::UnaryResponseDefinition definition;
  proto::ClientStreamRequest request;
  while (co_await call.Read(&request)) {
    if (!call.Keep(request.ByteSizeLong())) break;
    if (info.requests_size() == 0) definition = request.response_definition();
    info.add_requests()->PackFrom(request);
  }
  co_await Answer(call, definition, info);
}

rpc::Task ConformanceService::BidiStream(
    rpc::BidiCall<proto::BidiStreamRequest, proto::BidiStreamResponse>& call) {
  RequestInfo info = InfoOf(call);
  Responses responses(&call);
  bool begun = false;
  bool full_duplex = false;
  proto::BidiStreamRequest request;
  while (co_await call.Read(&request)) {
    if (!call.Keep(request.ByteSizeLong())) break;
    if (!begun) responses.Begin(request.response_definition());
    if (!begun) full_duplex = request.full_duplex();
    begun = true;
    info.add_requests()->PackFrom(request);
    if (!full_duplex) continue;
    if (!responses.left()) break;
    bool goes_on = false;
    co_await responses.Write(&info, &goes_on);
    if (!goes_on) co_return;
  }
  co_await responses.Finish(info);
}

}  // namespace conformance
