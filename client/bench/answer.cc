// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/bench/answer.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/retry/call_retry.h"
#include "rpc/wire/status.h"

namespace udsecho::client {
namespace {

constexpr int kCodes = 17;

// gRPC's http-grpc-status-mapping.md.
absl::StatusCode CodeOfHttp(int status) {
  switch (status) {
    case 400:
      return absl::StatusCode::kInternal;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kUnknown;
  }
}

// PROTOCOL-HTTP2.md, "HTTP2 Transport Mapping".
absl::StatusCode CodeOfReset(uint32_t error) {
  switch (error) {
    case NGHTTP2_CANCEL:
      return absl::StatusCode::kCancelled;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return absl::StatusCode::kResourceExhausted;
    case NGHTTP2_INADEQUATE_SECURITY:
      return absl::StatusCode::kPermissionDenied;
    case NGHTTP2_REFUSED_STREAM:
      return absl::StatusCode::kUnavailable;
    default:
      return absl::StatusCode::kInternal;
  }
}

CallStatus StatusOfLost(const http2::ClientConnection& connection) {
  const std::string why = connection.why().empty() ? "" : absl::StrCat(": ", connection.why());
  switch (connection.ending().value_or(http2::ClientEnding::kServerLeft)) {
    case http2::ClientEnding::kHttp1:  // in gRPC's words, which client/exit_code.cc knows
      return {absl::StatusCode::kUnavailable, "Trying to connect an http1.x server"};
    case http2::ClientEnding::kNotHttp2:
      return {absl::StatusCode::kUnknown, "what listens there does not speak HTTP/2"};
    case http2::ClientEnding::kMalformed:
      return {absl::StatusCode::kUnavailable, absl::StrCat("the server broke HTTP/2's rules", why)};
    case http2::ClientEnding::kNoMemory:
      return {absl::StatusCode::kUnavailable,
              "the server made the connection take too much memory"};
    case http2::ClientEnding::kNoSystem:
      return {absl::StatusCode::kUnavailable, absl::StrCat("the socket failed", why)};
    case http2::ClientEnding::kServerLeft:
      break;
  }
  if (!connection.spoke()) {
    return {absl::StatusCode::kUnavailable,
            "it closed the connection; what listens there does not seem to speak HTTP/2"};
  }
  return {absl::StatusCode::kUnavailable, absl::StrCat("the server closed the connection", why)};
}

}  // namespace

void Answer::Clear() {
  messages_ = bytes_ = 0;
  prefix_size_ = 0;
  length_ = left_ = 0;
  http_status_ = 0;
  grpc_status_.reset();
  message_.clear();
  committed_ = false;
  pushback_ms_.reset();
}

void Answer::AddHeader(absl::string_view name, absl::string_view value) {
  int number = 0;
  if (name == "grpc-status") {
    grpc_status_ = absl::SimpleAtoi(value, &number) ? number : -1;
  } else if (name == ":status") {
    http_status_ = absl::SimpleAtoi(value, &number) ? number : -1;
  } else if (name == "grpc-retry-pushback-ms") {
    pushback_ms_ = PushbackOf(value);
  } else if (name == "grpc-message") {
    value = value.substr(0, kMostOfAText);
    message_.assign(value.data(), value.size());
  }
}

void Answer::AddData(absl::string_view bytes) {
  while (!bytes.empty()) {
    if (prefix_size_ == kPrefixBytes) {
      const auto count = static_cast<uint32_t>(std::min<size_t>(left_, bytes.size()));
      left_ -= count;
      bytes.remove_prefix(count);
    } else {
      // The first one tells whether it is compressed.
      if (prefix_size_ > 0) length_ = length_ << 8 | static_cast<unsigned char>(bytes[0]);
      bytes.remove_prefix(1);
      if (++prefix_size_ == kPrefixBytes) left_ = length_;
    }
    if (prefix_size_ < kPrefixBytes || left_ > 0) continue;
    ++messages_;
    bytes_ += length_;
    prefix_size_ = 0;
    length_ = 0;
  }
}

CallStatus Answer::StatusAsAnswered() const {
  if (!grpc_status_.has_value()) {
    if (http_status_ == 200) {
      return {absl::StatusCode::kUnknown, "the server ended the call and gave no grpc-status"};
    }
    return {CodeOfHttp(http_status_), absl::StrCat("the answer has HTTP status ", http_status_)};
  }
  if (*grpc_status_ == 0) {
    if (!is_partial()) return {};
    return {absl::StatusCode::kInternal, "the server ended the call within a message"};
  }
  const bool known = *grpc_status_ > 0 && *grpc_status_ < kCodes;
  return {known ? static_cast<absl::StatusCode>(*grpc_status_) : absl::StatusCode::kUnknown,
          rpc::wire::PercentDecode(message_)};
}

CallStatus Answer::StatusOf(const http2::StreamEnding& ending,
                            const http2::ClientConnection& connection) const {
  using Cause = http2::StreamEnding::Cause;
  switch (ending.cause) {
    case Cause::kAnswered:
      return StatusAsAnswered();
    case Cause::kReset:
      return {
          CodeOfReset(ending.error_code),
          absl::StrCat("the server reset the stream: ", nghttp2_http2_strerror(ending.error_code))};
    case Cause::kRefused:
      return {absl::StatusCode::kUnavailable,
              absl::StrCat("the server did not take the call",
                           connection.may_submit() ? "" : ": it is going away")};
    case Cause::kMalformed:
      return {absl::StatusCode::kInternal,
              "the answer broke HTTP/2's rules, or its header is too long"};
    case Cause::kLost:
      break;
  }
  return StatusOfLost(connection);
}

}  // namespace udsecho::client
