// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Is this text what a protobuf `string` may hold?
//
//   if (const size_t at = FindInvalidUtf8(line); at != absl::string_view::npos) Refuse(at + 1);
//
// Asked before a message is made, since libprotobuf would send it all the same and print noise.
//
// Thread safety: a pure function.

#ifndef CLI_UTF8_H_
#define CLI_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace udsecho::cli {

// The position of the first byte that is not UTF-8 (RFC 3629: nothing overlong, no surrogates,
// nothing above U+10FFFF), or npos. ASCII is passed over eight bytes at a time.
size_t FindInvalidUtf8(absl::string_view text);

}  // namespace udsecho::cli

#endif  // CLI_UTF8_H_
