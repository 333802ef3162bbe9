// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Header fields in the form that nghttp2 takes.
//
//   const http2::HeaderFields fields(header);
//   nghttp2_submit_trailer(session, id, fields.data(), fields.size());
//
// Thread safety: a value. Ownership: borrows the fields, which nghttp2 copies unless they are
// constant.

#ifndef HTTP2_HEADER_FIELDS_H_
#define HTTP2_HEADER_FIELDS_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"
#include "http2/exchange.h"

namespace http2 {

class HeaderFields {
 public:
  explicit HeaderFields(absl::Span<const Field> fields) {
    constexpr std::uint8_t kConstant = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
    for (const Field& field : fields) {
      fields_.push_back({.name = Bytes(field.name),
                         .value = Bytes(field.value),
                         .namelen = field.name.size(),
                         .valuelen = field.value.size(),
                         .flags = field.is_constant
                                      ? kConstant
                                      : static_cast<std::uint8_t>(NGHTTP2_NV_FLAG_NO_INDEX)});
    }
  }

  const nghttp2_nv* data() const { return fields_.data(); }
  std::size_t size() const { return fields_.size(); }

 private:
  static std::uint8_t* Bytes(absl::string_view text) {
    // NOLINTNEXTLINE(*-const-cast): nghttp2 only reads, but does not say so
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  }

  absl::InlinedVector<nghttp2_nv, 6> fields_;
};

}  // namespace http2

#endif  // HTTP2_HEADER_FIELDS_H_
