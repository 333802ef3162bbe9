// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Text from outside, fit for a field that must be UTF-8.
//
//   connection.set_command(ProtoText(CommandOf(pid)));
//
// Thread safety: a pure function.

#ifndef SERVER_PROTO_TEXT_H_
#define SERVER_PROTO_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "cli/utf8.h"
#include "uds/printable.h"

namespace udsecho {

// Unchanged if it is UTF-8, else escaped.
inline std::string ProtoText(absl::string_view text) {
  return cli::FindInvalidUtf8(text) == absl::string_view::npos ? std::string(text)
                                                               : uds::Printable(text);
}

}  // namespace udsecho

#endif  // SERVER_PROTO_TEXT_H_
