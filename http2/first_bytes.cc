// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "http2/first_bytes.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"

namespace http2 {
namespace {

bool BeginsLikeHttp1(absl::string_view bytes) {
  // RFC 9110, 9.3, RFC 5789, and what an HTTP/2 client begins with.
  static constexpr std::array<absl::string_view, 10> kMethods = {
      "GET ",     "HEAD ",    "POST ",  "PUT ",   "DELETE ",
      "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI "};
  return std::any_of(kMethods.begin(), kMethods.end(), [bytes](absl::string_view method) {
    const std::size_t count = std::min(method.size(), bytes.size());
    return method.substr(0, count) == bytes.substr(0, count);
  });
}

}  // namespace

Protocol LookAt(absl::string_view bytes) {
  if (absl::StartsWith(bytes, kPreface)) return Protocol::kHttp2;
  if (absl::StartsWith(kPreface, bytes)) return Protocol::kUndecided;
  // A record of type handshake, version 3.x (RFC 8446, 5.1).
  if (bytes[0] == 0x16 && (bytes.size() == 1 || bytes[1] == 0x03)) return Protocol::kTls;
  return BeginsLikeHttp1(bytes) ? Protocol::kHttp1 : Protocol::kOther;
}

absl::string_view AnswerToHttp1() {
  static constexpr absl::string_view kAnswer =
      "HTTP/1.1 505 HTTP Version Not Supported\r\n"
      "Content-Type: text/plain\r\n"
      "Content-Length: 89\r\n"
      "Connection: close\r\n"
      "\r\n"
      "This socket speaks HTTP/2 without TLS, as gRPC does. Use a gRPC client, such as grpcurl.\n";
  return kAnswer;
}

}  // namespace http2
