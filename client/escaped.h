// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Texts of servers that have escapes of their own, with what could move a terminal's cursor or reorder a
// line escaped too (uds/printable.h says what that is).
//
// Thread safety: free functions without state.

#ifndef CLIENT_ESCAPED_H_
#define CLIENT_ESCAPED_H_

#include <string>

#include "absl/strings/string_view.h"

namespace udsecho::client {

// JSON, which is on one line and UTF-8: as \u009b, which is the same JSON.
std::string EscapedJson(std::string json);

// Several lines: line feeds and tabs stay, all else is as \x9b.
std::string EscapedText(absl::string_view text);

}  // namespace udsecho::client

#endif  // CLIENT_ESCAPED_H_
