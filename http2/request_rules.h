// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Whether one request is well-formed (RFC 9113, 8.1 to 8.3). A malformed one ends its stream with
// PROTOCOL_ERROR.
//
//   http2::RequestRules rules;
//   rules.Allow(name, value)                // each field of the header
//   rules.EndHeader()
//   rules.AllowData(bytes)
//   rules.AllowTrailer(name, value)
//   rules.AllowEnd()                        // false, each of them: the request is malformed
//
// nghttp2 has these checks too, but it also rejects each :authority that a URI could not have, and
// requests without one. On a Unix socket a client has no host to name there: grpc-java sends the
// socket's path.
//
// Thread safety: none. Ownership: a value.

#ifndef HTTP2_REQUEST_RULES_H_
#define HTTP2_REQUEST_RULES_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace http2 {

class RequestRules {
 public:
  bool Allow(absl::string_view name, absl::string_view value);
  static bool AllowTrailer(absl::string_view name, absl::string_view value);
  bool EndHeader();

  bool AllowData(std::size_t bytes) {
    received_ += static_cast<std::int64_t>(bytes);
    return content_length_ < 0 || received_ <= content_length_;
  }

  // Of the whole request.
  bool AllowEnd() const { return content_length_ < 0 || received_ == content_length_; }

 private:
  enum Part : std::uint8_t {
    kMethod = 1,
    kScheme = 2,
    kPath = 4,
    kAuthority = 8,
    kRegular = 16,  // a field without a colon, behind which none with one may come
    kConnect = 32,  // the method
  };

  bool AllowPseudo(absl::string_view name, absl::string_view value);
  bool Once(Part part);

  std::uint8_t seen_ = 0;
  std::int64_t content_length_ = -1;  // -1: it does not say
  std::int64_t received_ = 0;
};

}  // namespace http2

#endif  // HTTP2_REQUEST_RULES_H_
