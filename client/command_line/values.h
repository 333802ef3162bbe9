// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The values of flags, from what a person types.
//
//   const absl::StatusOr<FaultOptions> fault = ParseFault("unavailable:try later");
//
// Each answers INVALID_ARGUMENT, naming the flag, with a sentence that says what is wrong and what
// would be right.
//
// Thread safety: pure functions.

#ifndef CLIENT_COMMAND_LINE_VALUES_H_
#define CLIENT_COMMAND_LINE_VALUES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "client/options.h"

namespace udsecho::client {

absl::StatusOr<Shape> ParseShape(absl::string_view text);

// "gzip", "deflate" or "none".
absl::StatusOr<Compression> ParseCompression(absl::string_view text);

// "summary" or "points".
absl::StatusOr<Csv> ParseCsv(absl::string_view text);

// CODE[:TEXT], with the code as a name in any case, or as a number from 1 to 16.
absl::StatusOr<FaultOptions> ParseFault(absl::string_view text);

// KEY:VALUE, and of a key that ends with "-bin" the value as base64, padded or not.
using Header = std::pair<std::string, std::string>;
absl::StatusOr<Header> ParseMetadata(absl::string_view text);

// The same; an error neither names a flag nor quotes the text ("has no colon; ...").
absl::StatusOr<Header> ParseHeader(absl::string_view text);

// What gRPC takes as the value of a header: it ends the process for anything else.
absl::Status CheckHeader(absl::string_view flag, absl::string_view text);

// Bytes, as cli/size.h reads them, up to `most`.
absl::StatusOr<int64_t> ParseSize(absl::string_view flag, absl::string_view text, int64_t most);

// Calls a second, each above zero and up to 10 million: "100", or "100..1000/30s".
struct Rate {
  std::optional<double> from;
  double to = 0;
  absl::Duration over;
};
absl::StatusOr<Rate> ParseRate(absl::string_view text);

// Not below zero, and above it if `least` says so.
absl::StatusOr<absl::Duration> ParseTime(absl::string_view flag, absl::string_view text,
                                         absl::Duration least, absl::Duration most);

}  // namespace udsecho::client

#endif  // CLIENT_COMMAND_LINE_VALUES_H_
