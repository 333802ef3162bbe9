// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A fuzzer's input, taken apart from the front. Where it is used up, all is zero and empty.
//
//   Input in(data, size);
//   const bool is_small = in.Byte() % 2 == 0;
//   Send(in.Bytes(in.Byte()));
//
// Thread safety: none. Ownership: borrows the bytes.

#ifndef TESTS_FUZZ_INPUT_H_
#define TESTS_FUZZ_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace udsecho::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}
  explicit Input(absl::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  std::uint8_t Byte() {
    const absl::string_view byte = Bytes(1);
    return byte.empty() ? 0 : static_cast<std::uint8_t>(byte[0]);
  }
  // From 0 to `limit` - 1.
  unsigned Below(unsigned limit) { return Byte() % limit; }

  // Of as many bytes, the first being the highest.
  std::uint32_t Number(int bytes) {
    std::uint32_t number = 0;
    for (int i = 0; i < bytes; ++i) number = number << 8 | Byte();
    return number;
  }

  // So many bytes, or what is left.
  absl::string_view Bytes(std::size_t count) {
    const absl::string_view bytes = rest_.substr(0, std::min(count, rest_.size()));
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  absl::string_view Rest() { return Bytes(rest_.size()); }

  // A byte that is the length, and as many bytes.
  std::string Text() {
    const absl::string_view bytes = Bytes(Byte());
    return {bytes.data(), bytes.size()};
  }

 private:
  absl::string_view rest_;
};

}  // namespace udsecho::fuzz

#endif  // TESTS_FUZZ_INPUT_H_
