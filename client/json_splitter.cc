// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

#include "client/json_splitter.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace udsecho::client {
namespace {}  // namespace

void JsonSplitter::Add(absl::string_view block) {
  buffer_.erase(0, begin_);
  looked_ -= begin_;
  begin_ = 0;
  buffer_.append(block.data(), block.size());
  // What editors of Windows begin a file with.
  constexpr absl::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (is_begin_ && absl::StartsWith(buffer_, kByteOrderMark)) begin_ = looked_ = 3;
  is_begin_ = is_begin_ && buffer_.empty();
}

bool JsonSplitter::HasNext() {
  while (!found_ && looked_ < buffer_.size()) {
    found_ = EndsWith(buffer_[looked_]);
    ++looked_;
    if (in_ == In::kNothing && !found_) begin_ = looked_;
  }
  return found_;
}

// White space, and what makes an array of objects.
bool JsonSplitter::IsBetween(char byte) {
  if (absl::ascii_isspace(static_cast<unsigned char>(byte))) return true;
  if (byte == '[' && !in_array_) return in_array_ = true;
  if (!in_array_ || after_comma_) return false;
  after_comma_ = byte == ',';
  if (byte == ']') in_array_ = false;
  return byte == ',' || byte == ']';
}

bool JsonSplitter::EndsWith(char byte) {
  switch (in_) {
    case In::kNothing:
      if (IsBetween(byte)) return false;
      in_ = byte == '{' || byte == '[' ? In::kObject : In::kOther;
      depth_ = 1;
      after_comma_ = false;
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
  const bool is_unclosed = std::exchange(in_array_, false);
  if (in_ == In::kNothing) {
    if (!is_unclosed) return std::nullopt;
    return "[";  // which is no message, as its parser says
  }
  const absl::string_view message(buffer_.data() + begin_, pending());
  begin_ = looked_ = buffer_.size();
  in_ = In::kNothing;
  return message;
}

std::vector<std::string> ObjectsIn(absl::string_view text) {
  JsonSplitter splitter;
  splitter.Add(text);
  std::vector<std::string> objects;
  while (const auto object = splitter.Next()) objects.emplace_back(*object);
  if (const auto rest = splitter.Last()) objects.emplace_back(*rest);
  return objects;
}

}  // namespace udsecho::client
