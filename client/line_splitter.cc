// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/line_splitter.h"

namespace udsecho::client {

void LineSplitter::Add(absl::string_view block) {
  buffer_.erase(0, begin_);
  searched_ -= begin_;
  if (end_ != kUnknown) end_ -= begin_;
  begin_ = 0;
  buffer_.append(block.data(), block.size());
}

bool LineSplitter::HasNext() {
  if (end_ == kUnknown) {
    end_ = buffer_.find('\n', searched_);
    searched_ = end_ == kUnknown ? buffer_.size() : end_;
  }
  return end_ != kUnknown;
}

std::optional<absl::string_view> LineSplitter::Next() {
  if (!HasNext()) return std::nullopt;
  const absl::string_view line(buffer_.data() + begin_, end_ - begin_);
  begin_ = searched_ = end_ + 1;
  end_ = kUnknown;
  return line;
}

std::optional<absl::string_view> LineSplitter::Last() {
  if (pending() == 0) return std::nullopt;
  const absl::string_view line(buffer_.data() + begin_, pending());
  begin_ = searched_ = buffer_.size();
  return line;
}

}  // namespace udsecho::client
