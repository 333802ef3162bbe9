// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// JSON objects, one after the other or in an array: {"a": 1} {"a": 2}, [{"a": 1}, {"a": 2}]
//
// It looks for where an object ends and for nothing else: whoever parses it tells what is wrong with it.
// What stands between objects, and is none, is a message up to its line's end; so is an array's bracket that
// is never closed, in the end.
//
// Thread safety: none.

#ifndef CLIENT_JSON_SPLITTER_H_
#define CLIENT_JSON_SPLITTER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "client/splitter.h"

namespace udsecho::client {

class JsonSplitter final : public Splitter {
 public:
  void Add(absl::string_view block) override;
  std::optional<absl::string_view> Next() override;
  std::optional<absl::string_view> Last() override;
  bool HasNext() override;
  size_t pending() const override { return buffer_.size() - begin_; }
  const char* unit() const override { return "object"; }

 private:
  enum class In { kNothing, kObject, kString, kEscape, kOther };

  // Whether the message ends with this byte, which is at `looked_`.
  bool EndsWith(char byte);
  bool IsBetween(char byte);

  std::string buffer_;
  size_t begin_ = 0;   // of the next message, or of what precedes it
  size_t looked_ = 0;  // up to here
  In in_ = In::kNothing;
  size_t depth_ = 0;
  bool is_begin_ = true;   // nothing was added yet
  bool in_array_ = false;  // of objects
  bool after_comma_ = false;
  bool found_ = false;  // the message from begin_ to looked_ is whole
};

// All messages of a text that is there as a whole.
std::vector<std::string> ObjectsIn(absl::string_view text);

}  // namespace udsecho::client

#endif  // CLIENT_JSON_SPLITTER_H_
