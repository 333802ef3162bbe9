// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Lines, without their line feeds. What follows the last one is a line if it is not empty.
//
// Thread safety: none.

#ifndef CLIENT_LINE_SPLITTER_H_
#define CLIENT_LINE_SPLITTER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "client/splitter.h"

namespace udsecho::client {

class LineSplitter final : public Splitter {
 public:
  void Add(absl::string_view block) override;
  std::optional<absl::string_view> Next() override;
  std::optional<absl::string_view> Last() override;
  bool HasNext() override;
  size_t pending() const override { return buffer_.size() - begin_; }
  const char* unit() const override { return "line"; }

 private:
  static constexpr size_t kUnknown = std::string::npos;

  std::string buffer_;
  size_t begin_ = 0;       // of the next line
  size_t searched_ = 0;    // no line feed from begin_ to here
  size_t end_ = kUnknown;  // of the next line, once it is found
};

}  // namespace udsecho::client

#endif  // CLIENT_LINE_SPLITTER_H_
