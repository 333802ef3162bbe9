// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The beginning of a text of any size, for a log line.
//
//   PrintableExcerpt(message)  ->  Test this string
//                              ->  aaaaaaaaaaaaa... (4194304 bytes)      the first 200 characters
//
// The cost is bounded by the characters kept: that of a 4 MiB message is that of a short one.
//
// Thread safety: pure functions.

#ifndef SERVER_EXCERPT_H_
#define SERVER_EXCERPT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace udsecho {

// How much of a message a log line shows, in Unicode code points. Enough to tell messages apart;
// and a line stays under the 4096 bytes that are written in one piece, even when each is escaped
// (up to 16 bytes for one of 4).
inline constexpr size_t kExcerptCharacters = 200;

// The first kExcerptCharacters code points of `text`, as they are; at most four bytes for each,
// also when it is not UTF-8. A code point is never cut in two.
absl::string_view RawExcerpt(absl::string_view text);

// The same, safe on a terminal's line (uds::Printable). If it is not all, "... (N bytes)" follows
// with the size of the whole text.
std::string PrintableExcerpt(absl::string_view text);

}  // namespace udsecho

#endif  // SERVER_EXCERPT_H_
