// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// "Did you mean ...?"
//
//   cli::DidYouMean("--verbos", names);   // "; did you mean --verbose?"
//
// Thread safety: a pure function.

#ifndef CLI_SUGGESTION_H_
#define CLI_SUGGESTION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace udsecho::cli {

// Up to three of `words` that are near `typed`, by their places, the nearest first: a few letters away,
// whatever the case, or with `typed` as their begin or a part.
std::vector<size_t> Nearest(absl::string_view typed, const std::vector<std::string>& words);

// The end of a sentence that asks about `words`. Empty if there are none.
std::string DidYouMean(const std::vector<std::string>& words);

// About those that are near `typed`.
std::string DidYouMean(absl::string_view typed, const std::vector<std::string>& words);

}  // namespace udsecho::cli

#endif  // CLI_SUGGESTION_H_
