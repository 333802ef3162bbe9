// SPDX-License-Identifier: Apache-2.0
// Copyright The udsecho Authors

// A bench's result, for people and for programs.
//
// Thread safety: pure functions. Texts end without a line feed.

#ifndef CLIENT_BENCH_SUMMARY_H_
#define CLIENT_BENCH_SUMMARY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "client/bench/result.h"
#include "client/style.h"
#include "nlohmann/json.hpp"

namespace udsecho::client {

std::string SummaryText(const Result& result, const Style& style);

nlohmann::ordered_json SummaryJson(const Result& result);

// Why there are no numbers, where no call succeeded.
absl::string_view NothingText(const Result& result);

// "unary, 64 bytes, 64 in flight on 1 connection": what was done.
std::string Setting(const Result& result);

}  // namespace udsecho::client

#endif  // CLIENT_BENCH_SUMMARY_H_
