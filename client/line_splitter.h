// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Cuts a flow of bytes into lines.
//
//   splitter.Add(block);
//   while (std::optional<absl::string_view> line = splitter.Next()) Send(*line);
//   ...
//   // At the end of the input:
//   if (std::optional<absl::string_view> line = splitter.Last()) Send(*line);
//
// Each byte is looked at once, whatever the length of lines and blocks.
//
// Thread safety: none.

#ifndef CLIENT_LINE_SPLITTER_H_
#define CLIENT_LINE_SPLITTER_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace udsecho::client {

class LineSplitter {
 public:
  void Add(absl::string_view block);

  // The next whole line, without its line feed; nothing when more bytes are needed. Valid until the
  // next call of Add().
  std::optional<absl::string_view> Next();

  // What is left at the end: a line without its line feed. Nothing if the text ended with one.
  std::optional<absl::string_view> Last();

  // Whether Next() has a line.
  bool HasNext();

  // The bytes that wait for the end of their line.
  size_t pending() const { return buffer_.size() - begin_; }

 private:
  static constexpr size_t kUnknown = std::string::npos;

  std::string buffer_;
  size_t begin_ = 0;       // of the next line
  size_t searched_ = 0;    // no line feed from begin_ to here
  size_t end_ = kUnknown;  // of the next line, once it is found
};

}  // namespace udsecho::client

#endif  // CLIENT_LINE_SPLITTER_H_
