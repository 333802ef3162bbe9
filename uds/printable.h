// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// Text from elsewhere, made fit for a terminal or a log line.
//
//   uds::Printable("/tmp/a\nb")  ->  "/tmp/a\x0ab"
//
// Thread safety: free functions without state.

#ifndef UDS_PRINTABLE_H_
#define UDS_PRINTABLE_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace uds {

// Bytes that could forge a line, move the cursor, reorder the text or hide in it come out as \xNN:
// control bytes, backslashes, what is not UTF-8, Unicode's C1, line-separator and direction
// controls, and what has no width or look (U+200B-200D, soft hyphen, byte order mark, tags). All
// else is kept. Never fails; the result has at most four times as many bytes.
std::string Printable(absl::string_view text);

// How many bytes at the start of `text` can be shown as they are, by the same rules, but that
// backslashes can. For texts that have escapes of their own.
std::size_t PrintablePrefix(absl::string_view text);

}  // namespace uds

#endif  // UDS_PRINTABLE_H_
