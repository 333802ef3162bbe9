// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Tells which protocol a client speaks by the first bytes that it sends.
//
//   switch (http2::LookAt(first_bytes)) { ... }
//
// Thread safety: a pure function.

#ifndef HTTP2_FIRST_BYTES_H_
#define HTTP2_FIRST_BYTES_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace http2 {

// What an HTTP/2 client opens with (RFC 9113, 3.4).
inline constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Protocol {
  kUndecided,  // HTTP/2, as far as the bytes go
  kHttp2,      // the whole preface
  kHttp1,      // a request line of HTTP/1
  kTls,        // a TLS handshake
  kOther,
};

Protocol LookAt(absl::string_view first_bytes);

// The response to a client of HTTP/1 (RFC 9112), which shows it to its user.
absl::string_view AnswerToHttp1();

}  // namespace http2

#endif  // HTTP2_FIRST_BYTES_H_
