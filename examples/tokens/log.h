// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// The agent's log: one line an event on standard error, which begins with the event's name. Keys and
// tokens are in none.
//
//   tokens::Log("reload_failed", status.message());
//
// Thread safety: any thread.

#ifndef TOKENS_LOG_H_
#define TOKENS_LOG_H_

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tokens {

inline void Log(absl::string_view event, absl::string_view text = "") {
  std::cerr << absl::StrCat("tokens: ", event, text.empty() ? "" : ": ", text, "\n");
}

}  // namespace tokens

#endif  // TOKENS_LOG_H_
