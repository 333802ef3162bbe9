// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "rpc/dispatcher.h"

#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rpc/wire/encoding.h"
#include "rpc/wire/metadata.h"
#include "rpc/wire/status.h"

namespace rpc {
namespace {

using http2::Field;
using http2::Stream;

// For clients that do not speak gRPC: a status of HTTP, and a sentence to print.
void RefuseAsHttp(Stream* stream, absl::string_view status, absl::string_view why) {
  const std::vector<Field> header = {
      {.name = ":status", .value = status, .is_constant = true},
      {.name = "content-type", .value = "text/plain", .is_constant = true}};
  if (stream->method() == "HEAD") return stream->Respond(header, Stream::kNoBody);
  stream->Respond(header, Stream::kBodyFollows);
  char* const to = stream->Send(why.size());
  if (to != nullptr) std::memcpy(to, why.data(), why.size());
  stream->End();
}

// `more`: header fields beside the status.
void Refuse(Stream* stream, const absl::Status& status, const std::vector<Field>& more = {}) {
  std::vector<Field> header(wire::kResponseHeader.begin(), wire::kResponseHeader.end());
  header.insert(header.end(), more.begin(), more.end());
  const wire::StatusFields fields(status);
  fields.AddTo(&header);
  stream->Respond(header, Stream::kNoBody);
}

// For clients that do not speak gRPC; what gRPC's clients would make of it.
absl::Status AsHttp(absl::string_view status) {
  return absl::UnknownError(absl::StrCat("HTTP ", status));
}

// What gRPC says of a call beside its metadata.
struct RequestHead {
  bool is_grpc = false;
  absl::Duration timeout = absl::InfiniteDuration();
  // Nullopt: an unknown one.
  std::optional<wire::Encoding> encoding = wire::Encoding::kIdentity;
  absl::Status status;  // of what is malformed
};

RequestHead ReadHead(const http2::HeaderList& headers) {
  RequestHead head;
  for (const http2::Header& header : headers) {
    if (header.name == "content-type") {
      head.is_grpc = wire::IsGrpc(header.value);
    } else if (header.name == "grpc-timeout") {
      const auto timeout = wire::ParseTimeout(header.value);
      if (timeout.has_value()) {
        head.timeout = *timeout;
      } else {
        head.status = absl::InternalError(
            "grpc-timeout is malformed: it takes one to eight digits and one of HMSmun; fix the "
            "client");
      }
    } else if (header.name == "grpc-encoding") {
      head.encoding = wire::EncodingOf(header.value);
    } else if (wire::IsBinary(header.name) && !wire::DecodeBinary(header.value).has_value()) {
      head.status = absl::InternalError(
          absl::StrCat("the value of ", header.name, " is no base64; fix the client"));
    }
  }
  return head;
}

}  // namespace

absl::Status Dispatcher::MayCall(const Connection& connection, const CallerAccount& account) {
  if (!connection.admission.ok()) {
    (absl::IsResourceExhausted(connection.admission) ? calls_.counters().refused
                                                     : calls_.counters().denied)
        .Add(1);
    return connection.admission;
  }
  absl::Status may = admission_.MayCall(account, all_calls_);
  if (!may.ok()) calls_.counters().refused.Add(1);
  return may;
}

std::unique_ptr<http2::Exchange> Dispatcher::Begin(Stream& stream, const Methods& methods,
                                                   std::shared_ptr<Connection> connection,
                                                   CallerAccount* account) {
  connection->calls.Add(1);
  calls_.counters().begun.Add(1);
  const auto tell = [&](const absl::Status& status) {
    const EndedCall ended = {.path = stream.path(), .connection = *connection, .status = status};
    if (calls_.hooks().refused) calls_.hooks().refused(ended);
    if (calls_.hooks().ended) calls_.hooks().ended(ended);
  };
  const auto refuse = [&](const absl::Status& status) {
    tell(status);
    Refuse(&stream, status);
    return nullptr;
  };
  const auto refuse_as_http = [&](absl::string_view status, absl::string_view why) {
    tell(AsHttp(status));
    RefuseAsHttp(&stream, status, why);
    return nullptr;
  };
  if (stream.header_too_long()) {
    calls_.counters().refused.Add(1);
    return refuse(absl::ResourceExhaustedError(
        absl::StrCat("the metadata is longer than the limit of ",
                     admission_.limits().max_metadata_bytes, " bytes; send less of it")));
  }
  if (stream.method() != "POST") {
    return refuse_as_http("405", "gRPC is served here: its requests are POST.\n");
  }
  RequestHead head = ReadHead(stream.headers());
  if (!head.is_grpc) {
    return refuse_as_http("415", "gRPC is served here: content-type must be application/grpc.\n");
  }
  if (!head.status.ok()) return refuse(head.status);
  absl::Status may = MayCall(*connection, *account);
  if (!may.ok()) return refuse(may);
  const auto method = methods.find(stream.path());
  if (method == methods.end()) {
    return refuse(
        absl::UnimplementedError(absl::StrCat("no such method is served here: ", stream.path())));
  }
  // Even if no message turns out to be compressed: so the client learns of it with its first call.
  if (!head.encoding.has_value()) {
    const absl::Status unknown = absl::UnimplementedError(
        "the messages are compressed in a way that is not known here; send gzip, deflate or "
        "identity");
    tell(unknown);
    Refuse(&stream, unknown, {{.name = "grpc-accept-encoding", .value = wire::kAcceptedEncodings}});
    return nullptr;
  }
  if (!account->memory.Hold(Call::kBytes)) {
    calls_.counters().refused.Add(1);
    return refuse(absl::ResourceExhaustedError(
        absl::StrCat("the calls in flight of uid ", account->caller->uid,
                     " take all of the memory that it may have now; finish some")));
  }
  return method->second->NewCall({.stream = &stream,
                                  .connection = std::move(connection),
                                  .account = account,
                                  .calls = &calls_,
                                  .encoding = *head.encoding,
                                  .timeout = head.timeout});
}

}  // namespace rpc
