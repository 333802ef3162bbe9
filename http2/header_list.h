// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The header fields of a request, in the order in which they came.
//
//   for (const http2::Header& header : stream->headers()) ...header.name, header.value...
//
// Thread safety: none. Ownership: owns a copy of the bytes. The views that it gives out are valid
// until a field is added, or it is destroyed.

#ifndef HTTP2_HEADER_LIST_H_
#define HTTP2_HEADER_LIST_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace http2 {

struct Header {
  absl::string_view name;  // in lower case
  absl::string_view value;
};

class HeaderList {
 public:
  // What a field counts for besides its bytes (RFC 9113, 6.5.2).
  static constexpr std::size_t kFieldBytes = 32;

  void Add(absl::string_view name, absl::string_view value) {
    if (fields_.empty()) bytes_.reserve(kUsualBytes);
    bytes_.append(name.data(), name.size()).append(value.data(), value.size());
    fields_.push_back(
        {static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())});
  }

  class Iterator {
   public:
    Iterator(const HeaderList* list, std::size_t field) : list_(list), field_(field) {}
    Header operator*() const {
      const Field& field = list_->fields_[field_];
      const absl::string_view bytes(list_->bytes_.data() + offset_, field.name + field.value);
      return {.name = bytes.substr(0, field.name), .value = bytes.substr(field.name)};
    }
    Iterator& operator++() {
      const Field& field = list_->fields_[field_++];
      offset_ += field.name + field.value;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return field_ != other.field_; }

   private:
    const HeaderList* list_;
    std::size_t field_;
    std::size_t offset_ = 0;
  };

  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, fields_.size()}; }
  std::size_t size() const { return fields_.size(); }

 private:
  static constexpr std::size_t kUsualBytes = 224;

  struct Field {
    std::uint32_t name;
    std::uint32_t value;
  };

  std::string bytes_;
  absl::InlinedVector<Field, 12> fields_;
};

}  // namespace http2

#endif  // HTTP2_HEADER_LIST_H_
