// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/json_splitter.h"

#include "absl/strings/ascii.h"

namespace udsecho::client {
namespace {

// Between objects: white space, and what makes an array of them.
bool IsBetween(char byte) {
  return absl::ascii_isspace(static_cast<unsigned char>(byte)) || byte == '[' || byte == ',' ||
         byte == ']';
}

}  // namespace

void JsonSplitter::Add(absl::string_view block) {
  buffer_.erase(0, begin_);
  looked_ -= begin_;
  begin_ = 0;
  buffer_.append(block.data(), block.size());
}

bool JsonSplitter::HasNext() {
  while (!found_ && looked_ < buffer_.size()) {
    found_ = EndsWith(buffer_[looked_]);
    ++looked_;
    if (in_ == In::kNothing && !found_) begin_ = looked_;
  }
  return found_;
}

bool JsonSplitter::EndsWith(char byte) {
  switch (in_) {
    case In::kNothing:
      if (IsBetween(byte)) return false;
      in_ = byte == '{' ? In::kObject : In::kOther;
      depth_ = 1;
      return false;
    case In::kObject:
      if (byte == '"') in_ = In::kString;
      if (byte == '{' || byte == '[') ++depth_;
      if (byte == '}' || byte == ']') --depth_;
      return depth_ == 0;
    case In::kString:
      if (byte == '"') in_ = In::kObject;
      if (byte == '\\') in_ = In::kEscape;
      return false;
    case In::kEscape:
      in_ = In::kString;
      return false;
    case In::kOther:
      return byte == '\n';
  }
  return false;
}

std::optional<absl::string_view> JsonSplitter::Next() {
  if (!HasNext()) return std::nullopt;
  const absl::string_view message(buffer_.data() + begin_, looked_ - begin_);
  begin_ = looked_;
  in_ = In::kNothing;
  found_ = false;
  return message;
}

std::optional<absl::string_view> JsonSplitter::Last() {
  if (in_ == In::kNothing) return std::nullopt;
  const absl::string_view message(buffer_.data() + begin_, pending());
  begin_ = looked_ = buffer_.size();
  in_ = In::kNothing;
  return message;
}

}  // namespace udsecho::client
