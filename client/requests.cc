// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/requests.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "client/read_file.h"

namespace udsecho::client {
namespace {

google::protobuf::Duration ToProto(absl::Duration duration) {
  google::protobuf::Duration proto;
  proto.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
  proto.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
  return proto;
}

template <class Request>
void FillCommon(const RequestOptions& options, const std::string& payload, Request* request) {
  request->set_payload(payload);
  if (options.delay > absl::ZeroDuration()) *request->mutable_delay() = ToProto(options.delay);
  if (!options.fault.has_value()) return;
  request->mutable_fault()->set_code(options.fault->code);
  request->mutable_fault()->set_message(options.fault->message);
  request->mutable_fault()->set_after_messages(options.fault->after_messages);
}

}  // namespace

absl::StatusOr<Requests> Requests::Make(const Options& options, int in) {
  const std::string& file = options.request.payload_file;
  const absl::StatusOr<std::string> payload =
      file.empty() ? options.request.payload : ReadFile("--payload", file, in);
  if (!payload.ok()) return payload.status();
  Requests requests;
  FillCommon(options.request, *payload, &requests.echo_);
  FillCommon(options.request, *payload, &requests.expand_);
  if (options.count.has_value()) {
    // More than the field holds is the server's to refuse, like more than it allows.
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    requests.expand_.set_count(static_cast<int32_t>(std::min(*options.count, kMost)));
  }
  if (options.interval.has_value()) {
    *requests.expand_.mutable_interval() = ToProto(*options.interval);
  }
  return requests;
}

void Requests::FillEcho(absl::string_view message, v1::EchoRequest* request) const {
  *request = echo_;
  request->mutable_message()->assign(message.data(), message.size());
}

void Requests::FillExpand(absl::string_view message, v1::ExpandRequest* request) const {
  *request = expand_;
  request->mutable_message()->assign(message.data(), message.size());
}

}  // namespace udsecho::client
