// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Cuts a flow of bytes into messages.
//
//   splitter.Add(block);
//   while (std::optional<absl::string_view> message = splitter.Next()) Send(*message);
//   ...
//   // At the end of the input:
//   if (std::optional<absl::string_view> message = splitter.Last()) Send(*message);
//
// Each byte is looked at once, whatever the length of messages and blocks.
//
// Thread safety: none.

#ifndef CLIENT_SPLITTER_H_
#define CLIENT_SPLITTER_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace udsecho::client {

class Splitter {
 public:
  virtual ~Splitter() = default;

  virtual void Add(absl::string_view block) = 0;

  // The next whole message; nothing when more bytes are needed. Valid until the next call of Add().
  virtual std::optional<absl::string_view> Next() = 0;

  // What is left at the end, if that is a message.
  virtual std::optional<absl::string_view> Last() = 0;

  // Whether Next() has one.
  virtual bool HasNext() = 0;

  // The bytes that wait for the end of their message.
  virtual size_t pending() const = 0;

  // What a message is called: "line".
  virtual const char* unit() const = 0;
};

}  // namespace udsecho::client

#endif  // CLIENT_SPLITTER_H_
